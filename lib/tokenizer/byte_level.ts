/**
 * A tokenizer of the Llama 3 kind over given ranks. Nothing here belongs to one runtime: it runs in a browser too.
 * @module
 */
import { BytePairEncoder } from "./byte_pair.ts";
import type { ChatTokenizer } from "./chat.ts";
import type { SpecialTokens } from "./special.ts";

/**
 * Text to token ids and back. `name` is what `openTokenizer` takes: it stands for the vocabulary in every file made with it. Special
 * tokens are never recognised: "<|eot_id|>" in a document stays text.
 */
export interface Tokenizer extends ChatTokenizer {
  readonly special: SpecialTokens;
  /** `encode(text).length`, without the array. */
  countTokens(text: string): number;
  /**
   * Text of ids, special tokens by their names; bytes that are no UTF-8 become U+FFFD.
   *
   * @throws {RangeError} for an id outside the vocabulary.
   */
  decode(ids: ArrayLike<number>): string;
}

/**
 * Llama 3's pattern. `\p{White_Space}` stands for its `\s`, since JavaScript's `\s` differs (U+FEFF in, U+0085 out); ſ is an s
 * to its case-insensitive contractions. Every code point is in one of the alternatives, so pieces cover a text without a gap.
 */
const PIECE = [
  String.raw`'(?:[sSſtTmMdD]|[rRvV][eE]|[lL][lL])`, // contractions
  String.raw`[^\r\n\p{L}\p{N}]?\p{L}+`, // a word, with the space or sign before it
  String.raw`\p{N}{1,3}`,
  String.raw` ?[^\p{White_Space}\p{L}\p{N}]+[\r\n]*`, // signs
  String.raw`\p{White_Space}*[\r\n]+`,
  String.raw`\p{White_Space}+(?!\P{White_Space})`, // white space, but for the last before a word
  String.raw`\p{White_Space}+`,
].join("|");

/** Pieces kept with their ids; natural text repeats few pieces very often. */
const MAX_CACHED_PIECES = 1 << 17;
/** Longer pieces are too rare to keep (UTF-16 units). */
const MAX_CACHED_LENGTH = 64;

/** Text to ids by Llama 3's pattern and byte-pair merges. */
export class ByteLevelTokenizer implements Tokenizer {
  readonly name: string;
  readonly vocabularySize: number;
  readonly special: SpecialTokens;
  readonly specialTokens: ReadonlyMap<string, number>;
  readonly templateTokens = { bos_token: "<|begin_of_text|>", eos_token: "<|end_of_text|>" };
  readonly #encoder: BytePairEncoder;
  /** UTF-8 of every id; special tokens by their names. */
  readonly #tokens: readonly string[];
  /** Own copy: matching moves `lastIndex`. */
  readonly #piece = new RegExp(PIECE, "uy");
  readonly #cache = new Map<string, readonly number[]>();
  /** Ids of the text being encoded; grows, and serves the next text too. */
  #ids = new Uint32Array(1024);

  /**
   * @param tokens Byte strings (a character U+0000…U+00FF each) in rank order.
   * @param specialTokens Their names, in id order: their ids follow those of the ranks.
   */
  constructor(name: string, tokens: readonly string[], specialTokens: readonly string[]) {
    this.name = name;
    this.#encoder = new BytePairEncoder(tokens);
    this.#tokens = [...tokens, ...specialTokens];
    this.vocabularySize = this.#tokens.length;
    this.specialTokens = new Map(specialTokens.map((token, i) => [token, tokens.length + i]));
    const id = (token: string) => tokens.length + specialTokens.indexOf(token);
    this.special = {
      beginOfText: id("<|begin_of_text|>"),
      endOfText: id("<|end_of_text|>"),
      startHeader: id("<|start_header_id|>"),
      endHeader: id("<|end_header_id|>"),
      endOfTurn: id("<|eot_id|>"),
    };
  }

  encode(text: string): Uint32Array<ArrayBuffer> {
    const count = this.#fill(text);
    return this.#ids.slice(0, count);
  }

  countTokens(text: string): number {
    return this.#fill(text);
  }

  decode(ids: ArrayLike<number>): string {
    let bytes = "";
    for (let i = 0; i < ids.length; i++) {
      const token = this.#tokens[ids[i] ?? -1];
      if (token === undefined) {
        throw new RangeError(`Token id is ${ids[i]}, expected 0 … ${this.vocabularySize - 1}.`);
      }
      bytes += token;
    }
    return utf8.decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
  }

  /** Encodes into #ids; returns the number of ids. */
  #fill(text: string): number {
    const piece = this.#piece;
    let count = 0;
    piece.lastIndex = 0;
    for (let from = 0; piece.test(text); from = piece.lastIndex) {
      const ids = this.#encodePiece(text.slice(from, piece.lastIndex));
      if (count + ids.length > this.#ids.length) this.#grow(count + ids.length);
      for (let i = 0; i < ids.length; i++) this.#ids[count++] = ids[i] ?? 0;
    }
    return count;
  }

  #encodePiece(piece: string): readonly number[] {
    const known = this.#cache.get(piece);
    if (known !== undefined) return known;
    const ids = this.#encoder.encode(toUtf8(piece));
    if (piece.length <= MAX_CACHED_LENGTH) {
      if (this.#cache.size === MAX_CACHED_PIECES) this.#cache.clear();
      // A slice keeps the whole text it was cut from alive; a joined string stands alone.
      this.#cache.set(piece.split("").join(""), ids);
    }
    return ids;
  }

  #grow(needed: number): void {
    const larger = new Uint32Array(Math.max(needed, 2 * this.#ids.length));
    larger.set(this.#ids);
    this.#ids = larger;
  }
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
const utf8Encoder = new TextEncoder();

/** UTF-8 as a byte string. */
function toUtf8(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text;
  let bytes = "";
  for (const byte of utf8Encoder.encode(text)) bytes += String.fromCharCode(byte);
  return bytes;
}

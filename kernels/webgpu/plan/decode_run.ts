/**
 * Running a model that writes tokens: passes over prompts, and steps that draw. Nothing here waits for the device but the
 * drawn ids.
 * @module
 */
import { DRAW, DRAW_LENGTH } from "../ops/decode/draw.ts";
import { NO_SLOT, ROW, ROW_LENGTH } from "../ops/decode/rows.ts";
import { type DecodeModel, MOST_PROMPT_ROWS, MOST_ROWS } from "./decode.ts";
import { areFew, MOST_STEPS } from "./decode_buffers.ts";

/** Steps of a submission: the device starts on the first while the host still encodes the next. */
const SUBMITTED_STEPS = 8;

/** A token on its way through the model. */
export interface TokenRow {
  readonly token: number;
  readonly slot: number;
  readonly position: number;
  /** Whether the slot's logits become those after this token. */
  readonly ends: boolean;
}

/** How a slot goes on. */
export interface DrawRow {
  readonly slot: number;
  /** Positions that it holds. */
  readonly length: number;
  /** 0 takes the likeliest token. */
  readonly temperature: number;
  /** Infinity: all. */
  readonly topK: number;
  /** 1: all. */
  readonly topP: number;
  /** In [0, 1), one for each step; missing ones are 0. */
  readonly uniforms: Float32Array;
}

/** Appends tokens to slots; those of one slot in order. */
export async function readTokens(model: DecodeModel, rows: readonly TokenRow[]): Promise<void> {
  const tiled = inTiles(rows, model.tile);
  // Many short prompts would be mostly filling.
  const useTiles = tiled.length <= 2 * rows.length;
  const all = useTiles ? tiled : rows;
  for (let first = 0; first < all.length;) {
    const count = passRows(all.length - first);
    await readPass(model, all.slice(first, first + count), useTiles);
    first += count;
  }
}

/** Rows of the next pass of so many: what a plan is full of, or all where it is not worth another pass. */
function passRows(rows: number): number {
  if (rows <= MOST_ROWS) return rows;
  return Math.min(2 ** Math.floor(Math.log2(rows)), MOST_PROMPT_ROWS);
}

/** Rows such that every tile has one slot, filled up with null where the slot changes. */
function inTiles(rows: readonly TokenRow[], tile: number): (TokenRow | null)[] {
  const tiled: (TokenRow | null)[] = [];
  for (const [i, row] of rows.entries()) {
    while (i > 0 && row.slot !== rows[i - 1]?.slot && tiled.length % tile !== 0) tiled.push(null);
    tiled.push(row);
  }
  return tiled;
}

async function readPass(
  model: DecodeModel,
  rows: readonly (TokenRow | null)[],
  tiled: boolean,
): Promise<void> {
  const { device } = model;
  const useTiles = tiled && !areFew(rows.length);
  const room = Math.max(roomFor(rows.length), useTiles ? model.tile : 1);
  const positions = 1 + Math.max(...rows.map((row) => row?.position ?? 0));
  const layers = await model.layers(room, useTiles ? model.tile : 1, positions);
  device.write(model.buffers(room).state, rowWords(room, rows));
  layers.submit();
  const ends = rows.flatMap((row, number) => row?.ends ? [{ ...row, token: number }] : []);
  for (let first = 0; first < ends.length; first += MOST_ROWS) {
    const some = ends.slice(first, first + MOST_ROWS);
    const count = roomFor(some.length);
    const { state, plan } = await model.ends(room, count);
    device.write(state, rowWords(count, some));
    plan.submit();
  }
}

/**
 * Draws so many tokens for each row and appends them.
 *
 * @returns Token ids [rows × steps], `NO_TOKEN` where a logit was no number.
 */
export async function writeTokens(
  model: DecodeModel,
  rows: readonly DrawRow[],
  steps: number,
): Promise<Uint32Array> {
  const tokens = new Uint32Array(rows.length * steps);
  const arrivals: Promise<void>[] = [];
  for (let row = 0; row < rows.length; row += MOST_ROWS) {
    const some = rows.slice(row, row + MOST_ROWS);
    const room = roomFor(some.length);
    for (let step = 0; step < steps; step += MOST_STEPS) {
      const count = Math.min(MOST_STEPS, steps - step);
      await queueSteps(model, some, room, step, count);
      const drawn = model.device.read(model.buffers(room).draw.drawn, 0, 4 * room * count);
      arrivals.push(drawn.then((bytes) => {
        const ids = new Uint32Array(bytes);
        for (let i = 0; i < some.length * count; i++) {
          const [own, ahead] = [Math.floor(i / count), i % count];
          tokens[(row + own) * steps + step + ahead] = ids[ahead * room + own] as number;
        }
      }));
    }
  }
  await Promise.all(arrivals);
  return tokens;
}

/** Queues `count` steps from step `first` on. */
async function queueSteps(
  model: DecodeModel,
  rows: readonly DrawRow[],
  room: number,
  first: number,
  count: number,
): Promise<void> {
  const { device } = model;
  const { state, draw } = model.buffers(room);
  const longest = Math.max(...rows.map(({ length }) => length));
  const plan = await model.step(room, longest + first + count);
  const settings = new Float32Array(room * DRAW_LENGTH);
  const uniforms = new Float32Array(room * count);
  for (const [i, row] of rows.entries()) {
    const at = i * DRAW_LENGTH;
    settings[at + DRAW.inverseTemperature] = row.temperature === 0 ? 0 : 1 / row.temperature;
    settings[at + DRAW.topP] = row.topP;
    settings[at + DRAW.topK] = row.topK < model.shape.vocabularySize ? row.topK : 0;
    for (let step = 0; step < count; step++) uniforms[step * room + i] = row.uniforms[first + step] ?? 0;
  }
  // A draw moves its row on first, from the last position that is held.
  const last = rows.map(({ slot, length }) => ({ token: 0, slot, position: length + first - 1 }));
  device.write(state, rowWords(room, last));
  device.write(draw.settings, settings);
  device.write(draw.uniforms, uniforms);
  for (let step = 0; step < count; step += SUBMITTED_STEPS) {
    plan.submit(Math.min(SUBMITTED_STEPS, count - step));
  }
}

/** Rows of the plan for so many: a power of two, so that few plans serve all. */
function roomFor(rows: number): number {
  return 2 ** Math.ceil(Math.log2(rows));
}

/** `ROW`s, filled up with ones that have no slot. */
function rowWords(
  room: number,
  rows: readonly (Pick<TokenRow, "token" | "slot" | "position"> | null)[],
): Uint32Array {
  const words = new Uint32Array(room * ROW_LENGTH);
  for (let i = 0; i < room; i++) words[i * ROW_LENGTH + ROW.slot] = NO_SLOT;
  for (const [i, row] of rows.entries()) {
    if (row === null) continue;
    words[i * ROW_LENGTH + ROW.token] = row.token;
    words[i * ROW_LENGTH + ROW.slot] = row.slot;
    words[i * ROW_LENGTH + ROW.position] = row.position;
  }
  return words;
}

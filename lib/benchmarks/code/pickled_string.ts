/**
 * Python's pickle, where it holds a single string. Unpickling in general runs code; this reads four kinds of bytes.
 * @module
 */

/** Opcodes of the pickle format, protocols 2 to 5. */
const PROTO = 0x80, FRAME = 0x95, STOP = 0x2e;
/** Strings in UTF-8, by the number of bytes of their length. */
const STRINGS: Readonly<Record<number, number>> = { 0x8c: 1, 0x58: 4, 0x8d: 8 };
/** Remembering a value for later, by the number of bytes of the argument: MEMOIZE, BINPUT, LONG_BINPUT. */
const MEMOS: Readonly<Record<number, number>> = { 0x94: 0, 0x71: 1, 0x72: 4 };

/** The string, or null where the bytes are anything else. */
export function readPickledString(bytes: Uint8Array): string | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let position = 0, text: string | null = null;
  try {
    if (view.getUint8(position++) !== PROTO) return null;
    position++; // The protocol's number.
    for (;;) {
      const code = view.getUint8(position++);
      const size = STRINGS[code];
      if (code === STOP) return position === bytes.length ? text : null;
      if (code === FRAME) position += 8;
      else if (size !== undefined && text === null) {
        const length = size === 1
          ? view.getUint8(position)
          : size === 4
          ? view.getUint32(position, true)
          : Number(view.getBigUint64(position, true));
        position += size;
        if (length > bytes.length - position) return null;
        text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(position, position + length));
        position += length;
      } else if (MEMOS[code] !== undefined && text !== null) position += MEMOS[code];
      else return null;
    }
  } catch {
    // Beyond the end, or no UTF-8.
    return null;
  }
}

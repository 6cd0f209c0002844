/**
 * Subgroup matrices for GPUs without any, so that the tensor tier's kernels can be tested on a software adapter.
 *
 * Of a left fragment, each of a subgroup's 32 invocations holds the row that it needs; of a result, half of that row. A right fragment
 * is a reference to the memory it was loaded from, which must not change while it is used.
 */
import type { Device } from "../../../kernels/webgpu/device/device.ts";

/** The device as one of the tensor tier; it needs shader-f16. */
export function emulatedTensorDevice(device: Device): Device {
  return new Proxy(device, {
    get(target, name) {
      if (name === "tier") return "tensor";
      if (name === "pipeline") {
        return (label: string, wgsl: string, entryPoint?: string) =>
          target.pipeline(label, emulated(wgsl), entryPoint);
      }
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** One of the eight f16 of a piece. */
const HALF = "fn half(piece: vec4<u32>, i: u32) -> f32 { return unpack2x16float(piece[i / 2])[i % 2]; }";

const ARGUMENTS = "(row|col)_major>\\(&(\\w+),\\s*([^,;]+?),\\s*([^,;]+?)\\)";
const LEFT = `subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>, ${ARGUMENTS}`;
const RIGHT = `subgroupMatrixLoad<subgroup_matrix_right<f16, 16, 16>, ${ARGUMENTS}`;

/**
 * The text with every matrix operation replaced by a call of a function that does the same element by element. Memory
 * is an array of 16-byte pieces, by which offsets and strides count.
 */
function emulated(wgsl: string): string {
  if (!wgsl.includes("subgroup_matrix")) return wgsl;
  const helpers = new Set<string>([HALF]);
  /** Where each named right fragment lies. */
  const sources = new Map<string, { major: string; buffer: string }>();
  const product = (right: string, major: string) => {
    const name = `product_${right}_${major}`;
    const [row, column] = major === "row" ? ["l", "j"] : ["j", "l"];
    helpers.add(`fn ${name}(lane: u32, a: array<vec4<u32>, 2>, b: vec2u, c: mat2x4f) -> mat2x4f {
      var left = a;
      var sum = c;
      for (var l = 0u; l < 16; l++) {
        let x = half(left[l / 8], l % 8);
        for (var i = 0u; i < 8; i++) {
          let j = lane % 2 * 8 + i;
          sum[i / 4][i % 4] += x * half(${right}[b.x + ${row} * b.y + ${column} / 8], ${column} % 8);
        }
      }
      return sum;
    }`);
    return name;
  };
  const text = wgsl
    .replace(/enable chromium_experimental_subgroup_matrix;|diagnostic\(off, chromium[^)]*\);/g, "")
    .replace(new RegExp(LEFT, "g"), (_, major: string, buffer: string, offset: string, stride: string) => {
      const name = `left_${buffer}_${major}`;
      helpers.add(major === "row" ? rowOf(name, buffer) : columnOf(name, buffer));
      return `${name}(lane, ${offset}, ${stride})`;
    })
    .replace(
      new RegExp(`let (\\w+) =\\s*${RIGHT};`, "g"),
      (_, name: string, major: string, buffer: string, offset: string, stride: string) => {
        sources.set(name, { major, buffer });
        return `let ${name} = vec2u(${offset}, ${stride});`;
      },
    )
    .replace(
      new RegExp(`subgroupMatrixMultiplyAccumulate\\((\\w+),\\s*(?:${RIGHT}|(\\w+)),\\s*(\\w+)\\)`, "g"),
      (
        _,
        left: string,
        major: string,
        buffer: string,
        offset: string,
        stride: string,
        named: string,
        sum: string,
      ) => {
        const source = sources.get(named) ?? { major, buffer };
        const right = named ?? `vec2u(${offset}, ${stride})`;
        return `${product(source.buffer, source.major)}(lane, ${left}, ${right}, ${sum})`;
      },
    )
    .replace(/subgroupMatrixStore<row_major>\(&(\w+),/g, (_, name: string) => {
      helpers.add(`fn store_${name}(lane: u32, offset: u32, value: mat2x4f, stride: u32) {
        let at = offset + lane % 32 / 2 * stride + lane % 2 * 2;
        ${name}[at] = bitcast<vec4<u32>>(value[0]);
        ${name}[at + 1] = bitcast<vec4<u32>>(value[1]);
      }`);
      return `store_${name}(lane,`;
    })
    .replace(/subgroup_matrix_result<\w+, 16, 16>\(\)/g, "mat2x4f()");
  return [text, ...helpers].join("\n");
}

/** An invocation's row of a left fragment that is stored by rows. */
function rowOf(name: string, buffer: string): string {
  return `fn ${name}(lane: u32, offset: u32, stride: u32) -> array<vec4<u32>, 2> {
    let at = offset + lane % 32 / 2 * stride;
    return array<vec4<u32>, 2>(${buffer}[at], ${buffer}[at + 1]);
  }`;
}

/** An invocation's row of a left fragment that is stored by columns. */
function columnOf(name: string, buffer: string): string {
  return `fn ${name}(lane: u32, offset: u32, stride: u32) -> array<vec4<u32>, 2> {
    let row = lane % 32 / 2;
    var left: array<vec4<u32>, 2>;
    for (var l = 0u; l < 16; l += 2) {
      let at = offset + l * stride + row / 8;
      let two = vec2f(half(${buffer}[at], row % 8), half(${buffer}[at + stride], row % 8));
      left[l / 8][l % 8 / 2] = pack2x16float(two);
    }
    return left;
  }`;
}

/**
 * The tensor cores of product kernels, emulated for adapters without any.
 *
 * An operand's matrix becomes a note of where it lies in workgroup memory, which holds still while matrices are multiplied; each of
 * a subgroup's 32 lanes computes 8 of the 256 sums.
 */
import type { Device } from "../../../kernels/webgpu/device/device.ts";

/** The device as one of the tensor tier, for products; it needs shader-f16. */
export function emulatedTensorDevice(device: Device): Device {
  return new Proxy(device, {
    get(target, name) {
      if (name === "tier") return "tensor";
      if (name === "pipeline") return (label: string, wgsl: string) => target.pipeline(label, emulated(wgsl));
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const helpers = `
struct Place { rowMajor: bool, offset: u32, stride: u32 }
struct Sums { low: vec4<f32>, high: vec4<f32> }

fn element(place: Place, row: u32, column: u32) -> f32 {
  let line = select(column, row, place.rowMajor);
  let along = select(row, column, place.rowMajor);
  let piece = memory[place.offset + line * place.stride + along / 8u];
  return unpack2x16float(piece[along % 8u / 2u])[along % 2u];
}

fn four(place: Place, row: u32, column: u32) -> vec4<f32> {
  return vec4<f32>(element(place, row, column), element(place, row, column + 1u), element(place, row, column + 2u),
    element(place, row, column + 3u));
}

fn multiply(lane: u32, left: Place, right: Place, before: Sums) -> Sums {
  var sums = before;
  let column = lane % 2u * 8u;
  for (var inner = 0u; inner < 16u; inner++) {
    let x = element(left, lane / 2u, inner);
    sums.low += x * four(right, inner, column);
    sums.high += x * four(right, inner, column + 4u);
  }
  return sums;
}

fn store(lane: u32, offset: u32, sums: Sums, stride: u32) {
  let index = offset + lane / 2u * stride + lane % 2u * 2u;
  memory[index] = bitcast<vec4<u32>>(sums.low);
  memory[index + 1u] = bitcast<vec4<u32>>(sums.high);
}`;

function emulated(wgsl: string): string {
  if (!wgsl.includes("subgroup_matrix")) return wgsl;
  return wgsl
    .replaceAll(/enable (subgroups|chromium_experimental_subgroup_matrix);|diagnostic\(.*\);/g, "")
    .replaceAll(
      /subgroupMatrixLoad<subgroup_matrix_\w+<f16, 16, 16>, (row|col)_major>\(&memory,/g,
      (_, order) => `Place(${order === "row"},`,
    )
    .replaceAll("subgroupMatrixMultiplyAccumulate(", "multiply(lane, ")
    .replaceAll("subgroupMatrixStore<row_major>(&memory,", "store(lane,")
    .replaceAll("subgroup_matrix_result<f32, 16, 16>", "Sums") + helpers;
}

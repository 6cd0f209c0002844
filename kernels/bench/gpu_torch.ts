/**
 * cuBLAS through PyTorch, where python3 has it and the card is CUDA's: the mark to compare with.
 * @module
 */

const program = `
import json, statistics, sys, torch
if not torch.cuda.is_available(): sys.exit(3)
torch.backends.cuda.matmul.allow_tf32 = False
size = int(sys.argv[1])
rates = {}
for name, dtype in (("f16", torch.float16), ("f32", torch.float32)):
    a, b = (torch.rand(size, size, device="cuda", dtype=dtype) * 2 - 1 for _ in range(2))
    times = []
    for _ in range(8):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        for _ in range(20): torch.mm(a, b)
        end.record()
        torch.cuda.synchronize()
        times.append(start.elapsed_time(end) / 20)
    rates[name] = 2 * size ** 3 / statistics.median(times) / 1e9
print(json.dumps({"version": torch.__version__, "card": torch.cuda.get_device_name(), "rates": rates}))
`;

/** TFLOP/s of size³ products. */
export interface TorchProducts {
  readonly version: string;
  readonly card: string;
  readonly rates: Readonly<Record<"f16" | "f32", number>>;
}

/** Times PyTorch; null where it or its GPU is missing. */
export async function torchProducts(size: number): Promise<TorchProducts | null> {
  try {
    const { success, stdout } = await new Deno.Command("python3", {
      args: ["-c", program, String(size)],
      stderr: "null",
    }).output();
    return success ? JSON.parse(new TextDecoder().decode(stdout)) : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

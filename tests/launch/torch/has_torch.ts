/** Whether trainer.py can run here. */
import { runProcess } from "../../../lib/pipeline/subprocess.ts";

const python = await runProcess("python3", ["-c", "import torch, transformers, safetensors"]);

/** python3 with what trainer.py imports. */
export const hasTorch = python?.code === 0;

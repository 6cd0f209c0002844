/**
 * Teachers by what a person names.
 * @module
 */
import { join } from "node:path";
import type { ForwardBackend } from "../../backends/backend.ts";
import type { BackendOptions } from "../../backends/open.ts";
import { exists } from "../../core/artefacts.ts";
import { UsageError } from "../../core/errors.ts";
import type { BatchSource } from "../../shards/batch.ts";
import type { Tokenizer } from "../../tokenizer/tokenizer.ts";
import { openModelTeacher } from "./model_teacher.ts";
import { openServerTeacher, SERVER_TEACHER } from "./server_teacher.ts";
import type { TeacherModel } from "./teacher.ts";
import { cachedTeacher, openTeacherCache, TEACHER_CACHE_FILE } from "./teacher_cache.ts";
import { isServer } from "./teacher_identity.ts";

/** What goes with every kind. */
export interface TeacherOptions extends BackendOptions {
  /** What runs a model directory. */
  readonly backend: ForwardBackend["name"];
  /** The student's. */
  readonly tokenizer: Tokenizer;
  /** The server's model; the key is taken from OPENAI_API_KEY, where that is set. */
  readonly model: string | null;
  /** Largest logits that are asked for; null: all, of a model directory. A cache has its own. */
  readonly topK: number | null;
  /** What is taught on. */
  readonly data: BatchSource;
  /** Where its logits are kept; null: nowhere. */
  readonly cacheDirectory: string | null;
}

/**
 * Opens a teacher: OpenAI-compatible servers ("http://localhost:8000/v1", several with commas between them), a cache of logits, or a
 * model directory.
 *
 * @throws {UsageError} where the address is none of them, the vocabulary is another, a server has no model or no topK, or a cache belongs
 * to another teacher or other data.
 */
export async function openTeacher(address: string, options: TeacherOptions): Promise<TeacherModel> {
  const { tokenizer: { vocabularySize }, data, cacheDirectory } = options;
  if (!isServer(address) && await exists(join(address, TEACHER_CACHE_FILE))) {
    return await openTeacherCache(address, data, vocabularySize);
  }
  const teacher = isServer(address)
    ? await openServer(address, options)
    : await openModelTeacher(address, { ...options, vocabularySize });
  if (cacheDirectory === null) return teacher;
  try {
    return await cachedTeacher(cacheDirectory, data, teacher);
  } catch (error) {
    await teacher[Symbol.asyncDispose]();
    throw error;
  }
}

function openServer(baseUrl: string, { model, topK, tokenizer }: TeacherOptions): Promise<TeacherModel> {
  if (model === null) {
    throw new UsageError(`The teacher is the server ${baseUrl}, but no model of it is named.`);
  }
  if (topK === null) {
    throw new UsageError(`The teacher is the server ${baseUrl}, expected a number as topK, such as 20.`);
  }
  const apiKey = Deno.env.get("OPENAI_API_KEY");
  return openServerTeacher({
    ...SERVER_TEACHER,
    baseUrl,
    model,
    topK,
    tokenizer,
    ...(apiKey === undefined ? {} : { apiKey }),
  });
}

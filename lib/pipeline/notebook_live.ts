/**
 * Charts and texts that follow work while it runs, for notebooks.
 * @module
 */
import { join } from "node:path";
import { lossChart } from "../figures/loss_chart.ts";
import { METRICS_FILE } from "../train/loop.ts";
import { readMetrics } from "../train/metrics_log.ts";
import { contentOf, type Displayable, showChart, showText } from "./notebook_display.ts";
import { endLosses } from "./stages/training.ts";

/** Time between two pictures. A chart takes a while to draw, and so does training to move; text is read as it comes. */
const CHART_MS = 1000, TEXT_MS = 100;

/**
 * Waits for work, and shows how it stands meanwhile: one output, shown anew at intervals and once more at the end. Outside of
 * Jupyter it only waits.
 *
 * @param draw What to show as things stand; null: there is nothing yet.
 */
export async function follow<T>(
  work: Promise<T>,
  draw: () => Promise<Displayable | null>,
  intervalMs = CHART_MS,
): Promise<T> {
  const jupyter = openJupyter();
  if (jupyter === null) return await work;
  const name = crypto.randomUUID();
  let isShown = false;
  const show = async () => {
    const picture = await draw();
    if (picture === null) return;
    await jupyter.display(await contentOf(picture), { raw: true, display_id: name, update: isShown });
    isShown = true;
  };
  // One after the other: a picture may take longer than the interval.
  let pictures = Promise.resolve();
  const timer = setInterval(() => pictures = pictures.then(show), intervalMs);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    await pictures;
    await show();
  }
}

/**
 * Waits for stages of training, and shows their losses meanwhile: {@link follow}. What came of them, the run says when it is asked
 * again.
 *
 * @param root The run's folder.
 */
export async function followTraining(
  work: Promise<unknown>,
  root: string,
  stages: readonly string[],
): Promise<void> {
  await follow(work, async () => {
    const metrics = await Promise.all(stages.map((stage) => readStage(root, stage)));
    const steps = metrics.flat().filter((entry) => entry.kind === "step");
    if (steps.length === 0) return null;
    return showChart(lossChart(
      stages.map((name) => ({
        name,
        title: name,
        ...endLosses(steps.filter(({ stage }) => stage === name).map(({ loss }) => loss)),
      })),
      steps,
    ));
  });
}

/** Waits for a text that is being written, and shows it as it grows: {@link follow}. @param text What there is of it. */
export async function followText(work: Promise<unknown>, text: () => string): Promise<void> {
  await follow(work, () => Promise.resolve(showText(text())), TEXT_MS);
}

/** What a stage has said so far, finished or not. */
async function readStage(root: string, stage: string) {
  const unfinished = await readMetrics(join(root, `${stage}.partial`, METRICS_FILE));
  return unfinished.length > 0 ? unfinished : await readMetrics(join(root, stage, METRICS_FILE));
}

/** The kernel's functions; null outside of it, where asking for them throws. */
function openJupyter(): typeof Deno.jupyter | null {
  try {
    return Deno.jupyter;
  } catch {
    return null;
  }
}

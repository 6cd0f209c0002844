/**
 * Progress with rate and time left, on standard error: a bar on a terminal, a plain line now and then elsewhere.
 * @module
 */
import { Presets, SingleBar } from "cli-progress";
import process from "node:process";

/** A running count. */
export interface Progress {
  /** Sets how much is done, with an optional note ("loss 4.31"). */
  update(done: number, note?: string): void;
  /** Ends the display; the last note stays. */
  finish(): void;
}

const LINE_INTERVAL_MS = 5000;

/** 12345678 → "12.3M". */
export function compactNumber(value: number): string {
  // Rounded first, so that 999,999 is 1.00M.
  const rounded = Number(value.toPrecision(3));
  for (const [size, suffix] of [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"]] as const) {
    if (rounded >= size) return `${(value / size).toPrecision(3)}${suffix}`;
  }
  return Number.isInteger(value) ? String(value) : value.toPrecision(3);
}

/** Seconds as "42s", "3m 05s", "2h 10m". */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${String(whole % 60).padStart(2, "0")}s`;
  return `${Math.floor(whole / 3600)}h ${String(Math.floor(whole % 3600 / 60)).padStart(2, "0")}m`;
}

/**
 * Starts a progress display.
 *
 * @param label What is going on: "tokenize".
 * @param total How much there is, in `unit`; 0 where unknown.
 * @param unit "tokens", "documents".
 */
export function startProgress(label: string, total: number, unit: string): Progress {
  const started = performance.now();
  const describe = (done: number, note: string) => {
    const seconds = (performance.now() - started) / 1000;
    const rate = done / Math.max(seconds, 1e-3);
    const left = total > 0 ? `, ${formatDuration((total - done) / rate)} left` : "";
    return `${compactNumber(done)}${total > 0 ? `/${compactNumber(total)}` : ""} ${unit}, ${
      compactNumber(rate)
    }/s${left}${note ? `  ${note}` : ""}`;
  };
  if (!process.stderr.isTTY) {
    let last = started;
    let current = "";
    return {
      update(done, note = "") {
        current = describe(done, note);
        if (performance.now() - last < LINE_INTERVAL_MS) return;
        last = performance.now();
        console.error(`${label}: ${current}`);
      },
      finish() {
        if (current) {
          console.error(`${label}: ${current}, took ${formatDuration((performance.now() - started) / 1000)}`);
        }
      },
    };
  }
  const bar = new SingleBar({
    format: `${label.padEnd(16)} {bar} {line}`,
    barsize: 24,
    hideCursor: true,
    fps: 5,
  }, Presets.shades_classic);
  bar.start(Math.max(total, 1), 0, { line: "" });
  return {
    update: (done, note = "") =>
      bar.update(Math.min(done, Math.max(total, 1)), { line: describe(done, note) }),
    finish: () => bar.stop(),
  };
}

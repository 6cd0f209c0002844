/**
 * Numbers as charts and tables print them.
 * @module
 */

/** 12345678 → "12,345,678". */
export function formatInteger(value: number): string {
  return Math.round(value).toLocaleString("en-GB");
}

/** 63.75 → "63.8%", 0.03 → "0.03%": two decimals where one would leave a single digit. */
export function formatPercent(percent: number): string {
  if (percent === 0) return "0%";
  return `${percent.toFixed(percent && percent < 0.95 ? 2 : 1)}%`;
}

/** −0.12345 → "−0.123", with a minus sign instead of a hyphen. */
export function formatNats(value: number): string {
  return `${value < 0 ? "−" : ""}${Math.abs(value).toFixed(3)}`;
}

/** 4.8312 → "4.83", 96.4 → "96.4", 1234.5 → "1,235": three digits, as far as decimals go. */
export function formatPerplexity(value: number): string {
  if (value >= 100) return formatInteger(value);
  return value.toFixed(value >= 10 ? 1 : 2);
}

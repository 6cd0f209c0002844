/**
 * Mutants: programs that are right but for one thing, to see whether tests notice.
 *
 * Every function that a solution defines hands out another value than it computed wherever it is called from outside the solution: the
 * opposite truth, −v − 1 for a number, a text or a list with one element more, something for nothing. Calls inside the solution get what was
 * computed, so that a mutant runs as long as its original.
 * @module
 */

const PYTHON = `
def _mutate():
    depth = 0

    def other(value):
        if isinstance(value, bool): return not value
        if isinstance(value, (int, float, complex)): return -value - 1
        if isinstance(value, str): return value + "?"
        if isinstance(value, list): return value + [None]
        if isinstance(value, tuple): return value + (None,)
        if isinstance(value, (set, frozenset)): return value | {None}
        if isinstance(value, dict): return {**value, None: None}
        return 0 if value is None else None

    def mutant(function):
        def called(*arguments, **named):
            nonlocal depth
            depth += 1
            try:
                value = function(*arguments, **named)
            finally:
                depth -= 1
            return value if depth else other(value)
        return called

    function = type(mutant)
    for name, value in list(globals().items()):
        if isinstance(value, function) and value.__module__ == "__main__": globals()[name] = mutant(value)

_mutate()
`;

/** A Python program whose functions are mutants; tests may follow it. */
export function mutatePython(program: string): string {
  return `${program}\n${PYTHON}`;
}

/** A JavaScript program of which one function is a mutant; tests may follow it. */
export function mutateJavaScript(program: string, name: string): string {
  return `${program}
${name} = (function (original) {
  function other(value) {
    if (typeof value === "boolean") return !value;
    if (typeof value === "number") return -value - 1;
    if (typeof value === "string") return value + "?";
    if (Array.isArray(value)) return [...value, null];
    if (value && typeof value === "object") return { ...value, "": null };
    return value === undefined || value === null ? 0 : undefined;
  }
  let depth = 0;
  return function (...values) {
    depth++;
    try {
      var value = original(...values);
    } finally {
      depth--;
    }
    return depth ? value : other(value);
  };
})(${name});
`;
}

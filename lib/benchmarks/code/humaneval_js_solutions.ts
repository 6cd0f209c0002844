/**
 * Our own solutions of problems of HumanEval-JS: what follows the prompt, by the problem's name.
 *
 * They stand here, and not beside the tests, because the published file cannot be checked without them.
 * @module
 */

/** Bodies of functions, with the brace that closes them. */
export const JAVASCRIPT_SOLUTIONS: Readonly<Record<string, string>> = {
  HumanEval_23_strlen: `  return string.length;
}`,
  HumanEval_89_encrypt:
    `  const shift = (letter) => String.fromCharCode((letter.charCodeAt(0) - 97 + 4) % 26 + 97);
  return s.replace(/[a-z]/g, shift);
}`,
  HumanEval_95_check_dict_case: `  const keys = Object.keys(dict);
  if (keys.length === 0) return false;
  return keys.every((key) => /^[a-z]+$/.test(key)) || keys.every((key) => /^[A-Z]+$/.test(key));
}`,
  HumanEval_85_add:
    `  return lst.reduce((sum, value, i) => i % 2 === 1 && value % 2 === 0 ? sum + value : sum, 0);
}`,
  HumanEval_63_fibfib: `  let window = [0, 0, 1];
  for (let i = 0; i < n; i++) window = [window[1], window[2], window[0] + window[1] + window[2]];
  return window[0];
}`,
  HumanEval_151_double_the_difference:
    `  return lst.filter((value) => value > 0 && value % 2 === 1).reduce((sum, value) => sum + value ** 2, 0);
}`,
  HumanEval_22_filter_integers: `  return values.filter(Number.isInteger);
}`,
  HumanEval_41_car_race_collision: `  return n * n;
}`,
  HumanEval_17_parse_music: `  const beats = { "o": 4, "o|": 2, ".|": 1 };
  return music_string.split(" ").filter((note) => note !== "").map((note) => beats[note]);
}`,
  HumanEval_79_decimal_to_binary: `  return "db" + decimal.toString(2) + "db";
}`,
  HumanEval_14_all_prefixes: `  return Array.from(string, (_, i) => string.slice(0, i + 1));
}`,
  HumanEval_53_add: `  return x + y;
}`,
  HumanEval_159_eat: `  const eaten = Math.min(need, remaining);
  return [number + eaten, remaining - eaten];
}`,
  HumanEval_115_max_fill: `  const water = (row) => row.reduce((sum, unit) => sum + unit, 0);
  return grid.reduce((times, row) => times + Math.ceil(water(row) / capacity), 0);
}`,
  HumanEval_27_flip_case: `  const flip = (c) => c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase();
  return Array.from(string, flip).join("");
}`,
  HumanEval_105_by_length:
    `  const names = ["", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"];
  return arr.filter((value) => value >= 1 && value <= 9).sort((a, b) => b - a).map((value) => names[value]);
}`,
  HumanEval_25_factorize: `  const factors = [];
  for (let divisor = 2; n > 1; divisor++) {
    for (; n % divisor === 0; n /= divisor) factors.push(divisor);
  }
  return factors;
}`,
  HumanEval_96_count_up_to: `  const primes = [];
  for (let i = 2; i < n; i++) if (primes.every((prime) => i % prime !== 0)) primes.push(i);
  return primes;
}`,
  HumanEval_34_unique: `  return [...new Set(l)].sort((a, b) => a - b);
}`,
  HumanEval_74_total_match: `  return lst1.join("").length <= lst2.join("").length ? lst1 : lst2;
}`,
  HumanEval_35_max_element: `  return Math.max(...l);
}`,
  HumanEval_103_rounded_avg: `  if (n > m) return -1;
  const sum = n + m;
  // A half goes to the even neighbour.
  const rounded = sum % 2 === 0 ? sum / 2 : 2 * Math.round(sum / 4);
  return "0b" + rounded.toString(2);
}`,
  HumanEval_138_is_equal_to_sum_even: `  return n >= 8 && n % 2 === 0;
}`,
  HumanEval_62_derivative: `  return xs.map((coefficient, power) => coefficient * power).slice(1);
}`,
  HumanEval_29_filter_by_prefix: `  return strings.filter((string) => string.startsWith(prefix));
}`,
  HumanEval_24_largest_divisor: `  for (let i = n - 1; i > 1; i--) if (n % i === 0) return i;
  return 1;
}`,
  HumanEval_43_pairs_sum_to_zero: `  return l.some((value, i) => l.slice(i + 1).includes(-value));
}`,
  HumanEval_98_count_upper:
    `  return Array.from(s).filter((c, i) => i % 2 === 0 && "AEIOU".includes(c)).length;
}`,
  HumanEval_120_maximum: `  return [...arr].sort((a, b) => b - a).slice(0, k).reverse();
}`,
  HumanEval_77_iscube: `  return Math.round(Math.cbrt(a)) ** 3 === a;
}`,
};

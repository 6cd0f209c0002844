import assert from "node:assert/strict";
import { renderReadme } from "../../../lib/sources/extract/readmes.ts";

Deno.test("renderReadme() keeps prose, equations and code, and nothing else", () => {
  const markdown = `<!--
@license Apache-2.0
-->

# gamma

> [Gamma][gamma-function] function.

<section class="intro">

For \`n\` it is

<!-- <equation class="equation" label="eq:a" align="center" raw="\\Gamma ( n ) &lt; \\frac{a}{b}" alt="Gamma."> -->

<!-- <div class="equation" align="center" data-raw-text="x">
    <img src="https://example.org/x.svg" alt="Gamma.">
    <br>
</div>

<!-- </equation> -->

where [\`x\`](https://example.org) is [real][real].

</section>

<!-- /.intro -->

\`\`\`javascript
var v = a[ 0 ][ 1 ];
\`\`\`

* * *

## See Also

-   [other][other]: more.

## License

[![NPM version][npm-image]][npm-url]

[gamma-function]: https://example.org
[real]: https://example.org
`;
  assert.equal(
    renderReadme(markdown),
    `# gamma

> Gamma function.

For \`n\` it is

$$
\\Gamma ( n ) < \\frac{a}{b}
$$

where \`x\` is real.

\`\`\`javascript
var v = a[ 0 ][ 1 ];
\`\`\`

## License
`,
  );
});

/** Links between the pages lead somewhere. */
import assert from "assert";
import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { filesUnder, ROOT } from "./sources.ts";

/** Pages at the top of the repository. */
const TOP = ["README.md", "CHANGELOG.md", "SECURITY.md"];
/** Reached by no link on purpose: the index itself. */
const ENTRY = join("docs", "README.md");

/** As a web page of the repository names a heading. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replaceAll(/\s/g, "-");
}

function withoutCode(text: string): string {
  return text.replaceAll(/^(```|~~~).*?^\1/gms, "").replaceAll(/`[^`\n]*`/g, "");
}

function anchorsOf(path: string): string[] {
  const text = Deno.readTextFileSync(join(ROOT, path)).replaceAll(/^(```|~~~).*?^\1/gms, "");
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!));
}

/** Where the links of a page lead: paths in the repository, with an anchor where they have one. */
function linksOf(path: string): { target: string; anchor: string | undefined }[] {
  const text = withoutCode(Deno.readTextFileSync(join(ROOT, path)));
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [file = "", anchor] = link.split("#");
      return { target: file === "" ? path : normalize(join(dirname(path), file)), anchor };
    });
}

const pages = [...TOP, ...filesUnder("docs", ".md")];

Deno.test("every link of every page leads to a file, and to a heading that is there", () => {
  const broken = pages.flatMap((page) =>
    linksOf(page).flatMap(({ target, anchor }) => {
      if (!existsSync(join(ROOT, target))) return [`${page}: there is no ${target}`];
      if (anchor === undefined || !target.endsWith(".md")) return [];
      return anchorsOf(target).includes(anchor) ? [] : [`${page}: ${target} has no #${anchor}`];
    })
  );
  assert.deepEqual(broken, []);
});

Deno.test("every page is reached from the README", () => {
  const reached = new Set<string>(["README.md", ENTRY]);
  for (const page of reached) {
    if (!page.endsWith(".md")) continue;
    for (const { target } of linksOf(page)) if (pages.includes(target)) reached.add(target);
  }
  assert.deepEqual(pages.filter((page) => !reached.has(page)), []);
});

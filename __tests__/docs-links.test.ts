import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { PROJECT } from "./support/stack-json";
import { temporaryFolder } from "./support/temporary-folder";

const PAGES = [
  ...["README.md", "RUNBOOK.md", "CONTRIBUTING.md", "SECURITY.md", "THREATS.md", "CHANGELOG.md"],
  ...readdirSync(join(PROJECT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name))
    .sort(),
];

/** The text without what Markdown shows as code: no link and no heading is in it. */
const withoutBlocks = (markdown: string): string => markdown.replaceAll(/^(```+|~~~+)[^\n]*\n[\s\S]*?^\1[ \t]*$/gm, "");
const withoutCode = (markdown: string): string =>
  withoutBlocks(markdown).replaceAll(/(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, "");

/** Targets of the links and images of a page, without those that lead elsewhere. */
function links(markdown: string): string[] {
  const text = withoutCode(markdown);
  const inline = [...text.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)];
  const named = [...text.matchAll(/^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)>?/gm)];
  const html = [...text.matchAll(/<(?:a|img|source)\b[^>]*?\s(?:href|src|srcset)="([^"]+)"/g)];
  return [...inline, ...named, ...html]
    .map(([, target = ""]) => target)
    .filter((target) => !/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(target));
}

/** The anchors that GitHub gives a page's headings: in lower case, spaces as hyphens, no punctuation, a number where one is there already. */
function anchors(markdown: string): Set<string> {
  const taken = new Set<string>();
  for (const [, heading = ""] of withoutBlocks(markdown).matchAll(/^ {0,3}#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$/gm)) {
    const shown = heading.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll(/<[^>]+>/g, "");
    const plain = shown
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "")
      .replaceAll(" ", "-");
    let anchor = plain;
    for (let count = 1; taken.has(anchor); count += 1) anchor = `${plain}-${count}`;
    taken.add(anchor);
  }
  return taken;
}

/** What is wrong with the links of a page, one sentence each. */
function brokenLinks(project: string, page: string): string[] {
  return links(readFileSync(join(project, page), "utf8")).flatMap((link) => {
    const [path = "", anchor] = link.split("#", 2).map(decodeURIComponent);
    const target = path === "" ? join(project, page) : resolve(project, dirname(page), path);
    const name = relative(project, target);
    if (path.startsWith("/") || name.startsWith("..")) return [`${page}: ${link} leads out of the repository`];
    if (!existsSync(target)) return [`${page}: ${link} leads to ${name}, and there is no such file`];
    if (anchor === undefined || !name.endsWith(".md")) return [];
    return anchors(readFileSync(target, "utf8")).has(anchor)
      ? []
      : [`${page}: ${link} leads to the heading #${anchor}, and ${name} has none`];
  });
}

test.each(PAGES)("every relative link of %s leads to a file and a heading that are there", (page) => {
  expect(brokenLinks(PROJECT, page)).toEqual([]);
});

test("every page of docs can be reached from README, and begins with a heading and what it is for", () => {
  const readme = new Set(links(readFileSync(join(PROJECT, "README.md"), "utf8")));
  const pages = PAGES.filter((page) => page.startsWith("docs/"));
  expect(pages.filter((page) => dirname(page) === "docs" && !readme.has(page))).toEqual([]);
  for (const page of pages) expect(readFileSync(join(PROJECT, page), "utf8")).toMatch(/^# .+\n\nThis page /);
});

test.each([
  ["README.md", 10],
  ["CONTRIBUTING.md", 5],
])("%s has at most %d KB: what is more belongs to a page of docs", (page, limit) => {
  expect(Buffer.byteLength(readFileSync(join(PROJECT, page)))).toBeLessThanOrEqual(limit * 1000);
});

describe("the check itself", () => {
  test("names page, link and what is missing", () => {
    const folder = temporaryFolder("pages");
    mkdirSync(join(folder, "docs"));
    writeFileSync(
      join(folder, "docs/b.md"),
      "# B\n\n## A pipeline's apply, `x`\n\n## Twice\n\n## Twice\n\n```\n## No heading\n```\n",
    );
    writeFileSync(
      join(folder, "a.md"),
      [
        "[good](docs/b.md) [good](docs/b.md#a-pipelines-apply-x) [good](docs/b.md#twice-1) [good](https://example.org/x#y) [good](docs/)",
        "`[code](none.md)` ![bad](none.svg) [bad](docs/c.md) [bad](docs/b.md#no-heading) [bad](#here) [bad](../a.md) [bad](/a.md)",
      ].join("\n"),
    );
    expect(brokenLinks(folder, "a.md")).toEqual([
      "a.md: none.svg leads to none.svg, and there is no such file",
      "a.md: docs/c.md leads to docs/c.md, and there is no such file",
      "a.md: docs/b.md#no-heading leads to the heading #no-heading, and docs/b.md has none",
      "a.md: #here leads to the heading #here, and a.md has none",
      "a.md: ../a.md leads out of the repository",
      "a.md: /a.md leads out of the repository",
    ]);
  });

  test("knows GitHub's anchors", () => {
    expect([
      ...anchors(
        "# What's `new_name`, in [here](x.md)?\n## Roll back – & forward\n## 0001: The *status*\n## Über uns ##\n",
      ),
    ]).toEqual(["whats-new_name-in-here", "roll-back---forward", "0001-the-status", "über-uns"]);
  });
});

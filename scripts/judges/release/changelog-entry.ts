export interface ChangelogEntry {
  /** Its Markdown without the heading. */
  readonly text: string;
  /** Whether the heading still says that it is not released. */
  readonly unreleased: boolean;
}

/**
 * The section of a version.
 * @throws Error where there is none, or nothing in it: operators read it to learn what a release changes for them
 */
export function changelogEntry(changelog: string, version: string): ChangelogEntry {
  const sections = changelog.split(/^(?=## )/m).filter((section) => section.startsWith("## "));
  const found = sections.find((section) => /^## \[?v?([^\s\]]+)/.exec(section)?.[1] === version);
  if (found === undefined) {
    const versions = sections.map((section) => /^## (.*)/.exec(section)?.[1]).join(", ");
    throw new Error(
      `CHANGELOG.md has no section "## ${version}", the version in package.json; it has: ${versions || "none"}. Write what this version changes for operators.`,
    );
  }
  const [heading = "", ...lines] = found.split("\n");
  const text = lines.join("\n").trim();
  if (text === "")
    throw new Error(
      `CHANGELOG.md has nothing in the section "${heading}". Write what this version changes for operators.`,
    );
  return { text, unreleased: /unreleased/i.test(heading) };
}

/** A package's own words about its license. */
export interface Notice {
  readonly name: string;
  readonly version: string;
  readonly license: string | undefined;
  /** Content of its license files; empty where it has none. */
  readonly texts: readonly string[];
}

/** What licenses ask to be passed on with the functions' code, whose bundles hold no comments. */
export function thirdPartyNotices(notices: readonly Notice[]): string {
  const head = "The functions' zips hold code of these packages, each under its own license.\n";
  return [head, ...notices.map(section)].join(`\n${"-".repeat(80)}\n\n`);
}

function section({ name, version, license, texts }: Notice): string {
  const said = texts.map((text) => text.replaceAll("\r\n", "\n").trim()).join("\n\n");
  return `${name} ${version} (${license ?? "no license named"})\n\n${said || "The package holds no license text."}\n`;
}

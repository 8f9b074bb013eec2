import { thirdPartyNotices } from "../../../scripts/reports/third-party-notices";

test("each package stands with its license and all its texts, or with the word that it has none", () => {
  const text = thirdPartyNotices([
    { name: "a", version: "1.0.0", license: "Apache-2.0", texts: ["License A\r\n", "\nNotice A\n"] },
    { name: "b", version: "2.0.0", license: undefined, texts: [] },
  ]);
  const line = "-".repeat(80);
  expect(text).toBe(
    `The functions' zips hold code of these packages, each under its own license.\n\n${line}\n\na 1.0.0 (Apache-2.0)\n\nLicense A\n\nNotice A\n\n${line}\n\nb 2.0.0 (no license named)\n\nThe package holds no license text.\n`,
  );
});

import { fenced, inlineCode, plain } from "../../../scripts/reports/fenced";

test("a block of code has a fence that nothing in it can end", () => {
  expect(fenced(["a", "````", "b"])).toBe("`````text\na\n````\nb\n`````");
  expect(fenced(["a"])).toBe("```text\na\n```");
});

test("a name in code keeps its marks", () => {
  expect(inlineCode("main")).toBe("`main`");
  expect(inlineCode("a`b")).toBe("``a`b``");
  expect(inlineCode("`a")).toBe("`` `a ``");
});

test("somebody else's text is neither Markdown nor HTML nor a mention", () => {
  expect(plain("<img> **x** @team [a](b) #1 & `c`")).toBe(
    "&lt;img&gt; \\*\\*x\\*\\* \\@team \\[a\\](b) \\#1 &amp; \\`c\\`",
  );
});

import { codeBlock, inlineCode, escapeMarkdown, markdownHtml } from "../../../scripts/kit/markdown";

describe("fenced", () => {
  test("a block of code has a fence that nothing in it can end", () => {
    expect(codeBlock(["a", "````", "b"])).toBe("`````text\na\n````\nb\n`````");
    expect(codeBlock(["a"])).toBe("```text\na\n```");
  });

  test("a name in code keeps its marks", () => {
    expect(inlineCode("main")).toBe("`main`");
    expect(inlineCode("a`b")).toBe("``a`b``");
    expect(inlineCode("`a")).toBe("`` `a ``");
  });

  test("somebody else's text is neither Markdown nor HTML nor a mention", () => {
    expect(escapeMarkdown("<img> **x** @team [a](b) #1 & `c`")).toBe(
      "&lt;img&gt; \\*\\*x\\*\\* \\@team \\[a\\](b) \\#1 &amp; \\`c\\`",
    );
  });
});

describe("markdown", () => {
  test("headings, paragraphs, code and strong text become HTML; the first heading is the page's own", () => {
    expect(markdownHtml("# a\n\nb `c` **d**\n\n### e")).toBe(
      "<h2>a</h2><p>b <code>c</code> <strong>d</strong></p><h3>e</h3>",
    );
    expect(markdownHtml("## KPIs\nof today")).toBe("<h2>KPIs</h2><p>of today</p>");
  });

  test("a link is its text: the page holds no address", () =>
    expect(markdownHtml("[Alarms](https://console.aws.amazon.com/x?a=b#c:d) now")).toBe("<p>Alarms now</p>"));

  test("HTML stays text, in headings and links, too", () => {
    expect(markdownHtml("# <script>\n\n[<b>](x) <img src=x onerror=y>")).toBe(
      "<h2>&lt;script&gt;</h2><p>&lt;b&gt; &lt;img src=x onerror=y&gt;</p>",
    );
  });

  test("nothing is nothing", () => expect(markdownHtml("\n\n")).toBe(""));
});

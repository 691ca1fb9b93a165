# test_markdown.py -- Markdown becomes HTML that is safe to show, in bounded time.
import re
import time
from html import escape, unescape

import pytest

from console.files import FOLDER
from server.rendering.code import CLASSES, LANGUAGES, MAX_COLOURED, MAX_OF_SLOW, SLOW, Allowance, colour_code
from server.rendering.markdown import (
    ATTRIBUTES,
    CLASS,
    FORMULAS,
    MAX_MARKS,
    MAX_TEXT,
    TAGS,
    render_markdown,
    render_texts,
)
from support.servers import Person

# It asks no database.
pytestmark = pytest.mark.engines("sqlite")
OF_FORMULAS = set().union(*(ATTRIBUTES.get(tag, set()) for tag in FORMULAS))


def test_markdown_becomes_html(ann: Person) -> None:
    html = ann.post("/v1/render", text="**Done:** [a](https://example.com)\n\n- `x`")["html"]
    assert "<strong>Done:</strong>" in html
    assert '<a href="https://example.com" target="_blank" rel="noopener nofollow">a</a>' in html
    assert "<li><code>x</code></li>" in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "![x](https://evil.example/x.png)",
        "![x](data:image/svg+xml;base64,PHN2Zz4=)",
        '[x](https://a.example "\\" onclick=alert(1) \\"")',
        "<svg onload=alert(1)>",
        "<iframe src=https://evil.example></iframe>",
        '```"><script>alert(1)</script>\nx\n```',
        '```x" onclick="alert(1)\nx\n```',
        "<a href='javascript:alert(1)'>x</a>",
        "<style>*{display:none}</style>",
        "| a |\n| :-: |\n| <b style=color:red>x</b> |",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        r"$\href{javascript:alert(1)}{x}$",
        r"$$\color{red}{x} \style{position:fixed}{y} \class{danger}{z}$$",
        r"\(\text{<img src=x onerror=alert(1)>}\)",
        r"$\unknown{<script>alert(1)</script>}$",
        '![<img src=x onerror=alert(1)>](https://evil.example/"onmouseover=alert(1))',
        "![x](javascript:alert(1))",
        '[^<script>]: x\n[^a"b]',
        "```html\n<script>alert(1)</script><p onclick=alert(1)>\n```",
        "- [ ] <script>alert(1)</script>",
        'www.evil.example/"><script>alert(1)</script>',
    ],
)
def test_nothing_in_rendered_text_runs_loads_or_styles(text: str) -> None:
    html = render_markdown(text)
    assert not re.search(r"<(?:script|img|svg|iframe|style|object|form|input|b)\b", html, re.IGNORECASE)
    assert {name.lower() for name in re.findall(r"</?([^\s/>]+)", html)} <= TAGS
    for tag in re.findall(r"<[^>]*>", html):
        names = set(re.findall(r"\s([\w-]+)=", re.sub(r'"[^"]*"', '""', tag)))
        assert names <= {"href", "title", "target", "rel", "class", "start", "align", *OF_FORMULAS}, tag
        assert all(CLASS.fullmatch(value) for value in re.findall(r'class="([^"]*)"', tag)), tag
    assert not re.search(r'href="(?!https?:|mailto:)', html)


def test_a_table_keeps_its_alignment_without_a_style() -> None:
    assert '<td align="right">1</td>' in render_markdown("| a |\n| --: |\n| 1 |")


def test_rendering_is_bounded(ann: Person) -> None:
    assert ann.http.post("/v1/render", json={"text": "x" * MAX_TEXT}).status_code == 200
    assert ann.http.post("/v1/render", json={"text": "x" * (MAX_TEXT + 1)}).status_code == 422
    assert ann.http.post("/v1/render", json={"text": "[" * MAX_TEXT}).status_code == 200
    assert ann.http.post("/v1/render", json={"text": "> " * 20_000}).status_code == 200


HARD_TO_READ = [
    "![",
    "[",
    "[a](",
    "://",
    "//",
    "[://",
    "http://[",
    "[^",
    "*_",
    "a\n[",
    "a|b\n-|-\n",
    "> - > - a\n",
    "`a",
    "<a@",
    "$a",
    "\\(",
    "$$\n",
    "[^a]: b\n",
]


@pytest.mark.parametrize("part", HARD_TO_READ)
def test_twice_the_text_costs_at_most_about_twice_as_much_to_render(part: str) -> None:
    def cost(length: int) -> float:
        start = time.thread_time()
        render_markdown((part * length)[:length])
        return time.thread_time() - start

    for length in (2_500, 8_000, 25_000):
        # Another process on the same core, or a collection of garbage, makes one attempt slow, but not all of them.
        attempts = ((cost(length), cost(2 * length)) for _ in range(10))
        assert any(whole < max(3 * half, 0.1) for half, whole in attempts), length


def test_a_text_of_nothing_but_marks_is_shown_as_it_was_written() -> None:
    assert render_markdown("![" * 25_000) == f"<p>{'![' * 25_000}</p>"
    assert render_markdown("*a* <b>\n" * 7_000).startswith("<p>*a* &lt;b&gt;<br>\n*a* ")
    answer = "Some *emphasis*, `code` and [a link](https://example.com).\n\n" * 400
    assert render_markdown(answer).count("<em>") == 400


def test_many_bare_addresses_are_links_where_each_has_its_line() -> None:
    assert render_markdown("- https://example.com/a\n" * 400).count("<a ") == 400
    assert "<a " not in render_markdown("https://example.com/a " * 400)


# Beside CommonMark


def test_boxes_of_tasks_are_drawn_and_nothing_else_in_brackets() -> None:
    html = render_markdown("- [ ] *open*\n- [x] done\n- [X] also\n- [y] no\n\n[ ] no item")
    assert re.findall(r'<span class="task-box">(.)</span> (\S+)', html) == [
        ("☐", "<em>open</em></li>"),
        ("☑", "done</li>"),
        ("☑", "also</li>"),
    ]
    assert "<li>[y] no</li>" in html
    assert "<p>[ ] no item</p>" in html


def test_a_note_and_what_it_belongs_to_have_its_name() -> None:
    html = render_markdown("True[^1] and so[^b].\n\n[^1]: The *first*\nline two\n[^b]: Other\n\nEnd [^]: x")
    assert re.findall(r'<sup class="note-mark">([^<]*)</sup>', html) == ["1", "b"]
    assert '<p class="note"><sup>1</sup> The <em>first</em>\nline two</p>' in html
    assert '<p class="note"><sup>b</sup> Other</p>' in html
    assert "<p>End [^]: x</p>" in html


def test_a_picture_is_a_link_to_it_and_is_not_loaded() -> None:
    html = render_markdown("![A cat](https://a.example/cat.png) ![](http://a.example/dog.png?x) ![d](data:x)")
    assert re.findall(r'<a class="picture" href="([^"]*)"[^>]*>([^<]*)</a>', html) == [
        ("https://a.example/cat.png", "A cat"),
        ("http://a.example/dog.png?x", "dog.png"),
    ]
    inside = render_markdown("[![A cat](https://a.example/cat.png)](https://b.example)")
    assert re.findall('<a [^>]*href="([^"]*)"[^>]*>([^<]*)</a>', inside) == [("https://b.example", "A cat")]


def test_an_address_without_a_scheme_is_a_link_and_a_file_is_none() -> None:
    html = render_markdown("See www.example.com/a?b=c, todo.py and example.com.")
    assert re.findall('href="([^"]*)"', html) == ["https://www.example.com/a?b=c"]


@pytest.mark.parametrize("text", ["$x^2$", r"\(x^2\)", "a $x^2$.", "**$x^2$**", "| a |\n|--|\n| $x^2$ |"])
def test_a_formula_in_a_line_is_mathml(text: str) -> None:
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in render_markdown(text)
    assert 'display="inline"' in render_markdown(text)


@pytest.mark.parametrize(
    "text",
    [
        "$$x^2$$",
        "$$\nx^2\n$$",
        r"\[ x^2 \]",
        "Then\n\\[\nx^2\n\\]\nfollows",
        "> $$\n> x^2\n> $$",
        "1. $$\n   x^2\n   $$",
    ],
)
def test_a_formula_by_itself_is_a_block(text: str) -> None:
    html = render_markdown(text)
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in html
    assert 'display="block"' in html
    assert "$" not in html
    assert "gt;" not in html


def test_the_lines_of_a_formula_are_no_list_and_no_heading() -> None:
    html = render_markdown("$$\n- a\n+ b\n= c\n$$")
    assert not re.search("<(?:ul|h1|li)", html)
    assert html.count("<mi>") == 3


@pytest.mark.parametrize(
    "text",
    [
        "$5 and $10",
        "$HOME/$USER",
        "US$5-$6",
        "a $ b $ c",
        r"\$x\$",
        "`$x$`",
        "$",
        "$$",
        "$$\n$$",
    ],
)
def test_a_price_or_a_variable_of_a_shell_is_no_formula(text: str) -> None:
    assert "<math" not in render_markdown(text)


def test_what_is_no_tex_is_shown_as_it_was_written() -> None:
    assert render_markdown(r"$\frac{$") == "<p><code>\\frac{</code></p>\n"
    assert "<math" not in render_markdown("$$" + "x" * 3_000 + "$$")
    assert "<math" in render_markdown("$" + "{" * 100 + "x" + "}" * 100 + "$")
    assert render_markdown("$$" + "{" * 990 + "}" * 990 + "$$").startswith("<code>{{{")


# Colours

CODE = {
    "python": ("def f():  # why", "kfc"),
    "javascript": ('const a = "b"; // why', "ksc"),
    "typescript": ("let a: number = 1;", "kn"),
    "json": ('{"a": [1, true]}', "kn"),
    "html": ('<p class="a">b</p>', "kas"),
    "css": ("a { color: red; } /* why */", "kc"),
    "bash": ('for i in a; do echo "$i"; done # why', "ksc"),
    "sql": ("SELECT 1 FROM t -- why", "knc"),
    "java": ("class A { int b = 1; }", "ktn"),
    "c": ("int main(void) { return 0; }", "tfkn"),
    "cpp": ("class A { public: int b = 1; };", "ktn"),
    "go": ('func f() string { return "a" }', "ks"),
    "rust": ("fn f() -> u8 { 1 }", "kftn"),
    "yaml": ("a: 1 # why", "kc"),
    "diff": ("-a\n+b", "di"),
}


@pytest.mark.parametrize("language", CODE)
def test_code_of_a_language_is_coloured(language: str) -> None:
    code, expected = CODE[language]
    html = render_markdown(f"```{language}\n{code}\n```")
    assert set(re.findall(r'<span class="hl-(\w)">', html)) >= set(expected)
    assert f'<code class="language-{language}">' in html
    assert unescape(re.sub("<[^>]*>", "", html)).strip() == code


def test_other_names_of_a_language_mean_the_same_and_an_unknown_one_has_no_colours() -> None:
    for name in ("py", "Python", "python3"):
        assert '<span class="hl-k">def</span>' in render_markdown(f"~~~{name} title=a\ndef\n~~~")
    assert (
        render_markdown("```klingon\ndef\n```") == '<pre><code class="language-klingon">def\n</code></pre>\n'
    )


def test_code_in_a_list_is_coloured_and_a_block_of_code_alone_may_have_many_marks() -> None:
    assert '<span class="hl-k">def</span>' in render_markdown("- a\n\n  ```py\n  def\n  ```")
    marks = "[" * (MAX_MARKS + 1)
    assert render_markdown(f"```\n{marks}\n```") == f"<pre><code>{marks}\n</code></pre>\n"
    # What only looks like one block is parsed as any other text.
    assert render_markdown("```\na\n```\n*b*\n```\nc\n```").count("<pre>") == 2


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_colouring_ends_when_its_time_is_over_or_the_code_is_long_and_no_letter_is_lost(
    language: str,
) -> None:
    code = 'class A: "b" // c <d>\n' * 20
    assert unescape(colour_code(code, language, Allowance(0))) == code
    most = MAX_OF_SLOW if language in SLOW else MAX_COLOURED
    long = (code * (most // len(code) + 1))[: most + 1]
    assert colour_code(long, language, Allowance(float("inf"))) == escape(long)
    spans = re.compile("</?span[^>]*>")
    assert unescape(spans.sub("", colour_code(long[:most], language, Allowance(float("inf"))))) == long[:most]


def test_each_class_of_the_colours_is_one_of_the_page() -> None:
    styles = (FOLDER / "styles/reading.css").read_text()
    assert {f"hl-{name}" for _, name in CLASSES} == set(re.findall(r"\.(hl-\w)\b", styles))


# Blocks of one text


def test_blocks_are_rendered_each_by_itself(ann: Person) -> None:
    assert ann.post("/v1/render", texts=["*a*", "", "- b"])["htmls"] == [
        "<p><em>a</em></p>\n",
        "",
        "<ul>\n<li>b</li>\n</ul>\n",
    ]


def test_together_blocks_may_be_as_long_as_one_text(ann: Person) -> None:
    half = "x" * (MAX_TEXT // 2)
    assert ann.http.post("/v1/render", json={"texts": [half, half]}).status_code == 200
    assert ann.http.post("/v1/render", json={"texts": [half, half, "x"]}).status_code == 422
    assert ann.http.post("/v1/render", json={"texts": ["x"] * 201}).status_code == 422
    for body in ({}, {"text": "x", "texts": ["x"]}, {"texts": None}):
        assert ann.http.post("/v1/render", json=body).status_code == 422


def test_what_is_too_much_beside_other_blocks_is_left_for_later() -> None:
    hard = "[" * (MAX_MARKS - 10)
    assert render_texts(["**a", hard, hard, "a"]) == ["<p>**a</p>\n", f"<p>{hard}</p>\n", None, None]
    assert render_texts([hard]) == [f"<p>{hard}</p>\n"]
    assert render_texts(["[" * MAX_TEXT])[0] == f"<p>{'[' * MAX_TEXT}</p>"

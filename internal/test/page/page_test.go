package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestLook has the browser draw the page on a phone and on a desk, light and dark. All text
// has contrast enough (WCAG 1.4.3), and nothing is wider than the screen.
func TestLook(t *testing.T) {
	b := open(t, demo(t))
	for _, width := range []int64{360, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			do(t, b, chromedp.EmulateViewport(width, 900))
			media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
			call(t, b, emulation.SetEmulatedMedia, media)
			name := fmt.Sprintf("%d-%s.png", width, scheme)
			if wide := script[int64](t, b, "document.documentElement.scrollWidth"); wide > width {
				t.Errorf("%s: %d pixels wide", name, wide)
			}
			if faint := script[[]string](t, b, contrast); len(faint) > 0 {
				t.Errorf("%s: too little contrast: %q", name, faint)
			}
			drawn(t, name, do(t, b, chromedp.CaptureScreenshot()), scheme == "dark")
		}
	}
	b.quiet(t)
}

// contrast is a script that returns the texts whose contrast is below 4.5.
const contrast = `(() => {
	const light = (color) => {
		const [r, g, b] = color.match(/[\d.]+/g).map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const behind = (e) => {
		for (; e; e = e.parentElement) {
			const c = getComputedStyle(e).backgroundColor;
			if (c !== "rgba(0, 0, 0, 0)") return c;
		}
		return "rgb(255, 255, 255)";
	};
	const faint = [];
	for (const e of document.querySelectorAll("body *")) {
		if (![...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim())) continue;
		const style = getComputedStyle(e);
		const [a, b] = [light(e.closest("svg") ? style.fill : style.color), light(behind(e))].sort((x, y) => y - x);
		if ((a + 0.05) / (b + 0.05) < 4.5) faint.push(e.tagName + ": " + e.textContent.slice(0, 40));
	}
	return faint;
})()`

// drawn looks at a screenshot, and keeps it if it is wanted.
func drawn(t *testing.T, name string, picture []byte, dark bool) {
	t.Helper()
	if dir := os.Getenv("MAILCONN_SCREENSHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name), picture, 0o644); err != nil {
			t.Error(err)
		}
	}
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	colours := map[any]int{}
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			colours[img.At(x, y)]++
		}
	}
	r, _, _, _ := img.At(1, 1).RGBA()
	if len(colours) < 20 || (r < 0x8000) != dark {
		t.Errorf("%s: %d colours, red of the corner %x", name, len(colours), r)
	}
}

// TestTree looks at the page as it is read aloud: headings in order, and a name for each
// picture, link and region.
func TestTree(t *testing.T) {
	b := open(t, demo(t))
	nodes := call(t, b, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes
	level, roles := 0, map[string]int{}
	for _, n := range nodes {
		if n.Ignored || n.Role == nil {
			continue
		}
		role, name := text(n.Role), text(n.Name)
		roles[role]++
		if slices.Contains([]string{"heading", "image", "link", "region", "article"}, role) && strings.TrimSpace(name) == "" {
			t.Errorf("a %s without a name", role)
		}
		if role != "heading" {
			continue
		}
		next := headingLevel(n)
		if next > level+1 || next < 1 || level == 0 && next != 1 {
			t.Errorf("heading %q of level %d below one of level %d", name, next, level)
		}
		level = next
	}
	if roles["heading"] < 40 || roles["image"] < 25 || roles["table"] != 1 || roles["main"] != 1 {
		t.Errorf("%v", roles)
	}
	b.quiet(t)
}

// text returns the text of a value of the tree.
func text(v *accessibility.Value) string {
	var s string
	if v != nil {
		json.Unmarshal(v.Value, &s)
	}
	return s
}

func headingLevel(n *accessibility.Node) (level int) {
	for _, p := range n.Properties {
		if p.Name == accessibility.PropertyNameLevel {
			json.Unmarshal(p.Value.Value, &level)
		}
	}
	return level
}

// TestKeyboard goes through the page by keyboard alone: to what its words mean, and to what
// both sides said.
func TestKeyboard(t *testing.T) {
	b := open(t, demo(t))
	do(t, b, chromedp.KeyEvent(kb.Tab))
	first := script[string](t, b, "document.activeElement.getAttribute('href')")
	do(t, b, chromedp.KeyEvent(kb.Enter))
	if hash := script[string](t, b, "location.hash"); first != "#words" || hash != first {
		t.Errorf("%q, %q", first, hash)
	}
	script[chromedp.Void](t, b, "document.querySelector('summary').focus()")
	do(t, b, chromedp.KeyEvent(kb.Enter))
	if !script[bool](t, b, "document.querySelector('details').open") {
		t.Error("the transcript does not open")
	}
	b.quiet(t)
}

// TestPrint prints the page, with what is folded in.
func TestPrint(t *testing.T) {
	b := open(t, demo(t))
	pdf := do(t, b, chromedp.PrintToPDF())
	call(t, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	shown := script[float64](t, b, "document.querySelector('.transcript').getBoundingClientRect().height") > 0
	if !bytes.HasPrefix(pdf, []byte("%PDF")) || len(pdf) < 50_000 {
		t.Errorf("%d bytes", len(pdf))
	}
	if !shown {
		t.Error("what both sides said is not printed")
	}
}

// TestHostile fills every text of a report with what a hostile server would send.
func TestHostile(t *testing.T) {
	const hostile = "</li></svg></style></title><script>pwned=1</script><img src=//evil.test onerror=pwned=1>\"' onfocus=pwned=1 autofocus \x1b[2J\u202egnp.exe\u2066"
	dir, err := program()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "report.json")
	if err := os.WriteFile(file, poisoned(t, hostile), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := check(dir, "hostile.html", "-from", file); err != nil {
		t.Fatal(err)
	}
	b := open(t, filepath.Join(dir, "hostile.html"))
	body, kind := script[string](t, b, "document.body.textContent"), script[string](t, b, "typeof pwned")
	elements := script[int](t, b, "document.querySelectorAll('script, img, iframe, object, embed, form, base').length")
	handlers := script[int](t, b, "[...document.querySelectorAll('*')].filter((e) => [...e.attributes].some((a) => a.name.startsWith('on') || a.name === 'autofocus')).length")
	if kind != "undefined" || elements != 0 || handlers != 0 {
		t.Errorf("pwned is %s, %d elements, %d handlers", kind, elements, handlers)
	}
	if n := strings.Count(body, "<script>pwned=1</script>"); n < 500 || strings.ContainsAny(body, "\x1b\u202e\u2066") {
		t.Errorf("the text is there %d times", n)
	}
	if !strings.Contains(body, "‹U+001B›[2J‹U+202E›gnp.exe") {
		t.Error("what acts is not made visible")
	}
	b.quiet(t)
}

// poisoned returns the report of the demo with another text in all fields that hold one.
func poisoned(t *testing.T, hostile string) []byte {
	t.Helper()
	file, err := os.ReadFile("../../../examples/check/testdata/demo.json")
	if err != nil {
		t.Fatal(err)
	}
	var report map[string]any
	if err := json.Unmarshal(file, &report); err != nil {
		t.Fatal(err)
	}
	for _, e := range report["endpoints"].([]any) {
		for _, o := range e.(map[string]any)["outcomes"].([]any) {
			o.(map[string]any)["transcript"] = []any{"a line"}
		}
	}
	// These are no texts of servers, and have to be as they are for the report to be one.
	kept := []string{"url", "made", "policy", "result", "reason", "not_before", "not_after", "good_until", "standing", "state"}
	text, err := json.Marshal(replaced(report, hostile, kept))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func replaced(v any, hostile string, kept []string) any {
	switch v := v.(type) {
	case string:
		return hostile
	case []any:
		for i := range v {
			v[i] = replaced(v[i], hostile, kept)
		}
	case map[string]any:
		for name := range v {
			if !slices.Contains(kept, name) {
				v[name] = replaced(v[name], hostile, kept)
			}
		}
	}
	return v
}

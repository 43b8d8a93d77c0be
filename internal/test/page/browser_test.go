package page

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// chromium returns the path of the browser.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("MAILCONN_SERVERS") == "required" {
		t.Fatal("Chromium is not installed: .ci/browser installs it")
	}
	t.Skip("Chromium is not installed: .ci/browser installs it")
	return ""
}

// tab is a tab of the browser, and what happened in it that must not happen.
type tab struct {
	context.Context

	mu     sync.Mutex
	wrong  []string // requests for anything but the page itself, errors, and words on the console
	hearer sync.WaitGroup
	stop   func()
}

// open opens a page in a new browser, of which nothing is left when the test has ended.
func open(t *testing.T, file string) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.NoSandbox,
		chromedp.WSURLReadTimeout(time.Minute)) // on a busy machine
	ctx, end := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(end)
	ctx, end = chromedp.NewContext(ctx)
	b := &tab{Context: ctx, stop: end}
	t.Cleanup(b.close)
	do(t, b, chromedp.Navigate("about:blank"))
	hear(t, b, network.RequestWillBeSent, func(e network.EventRequestWillBeSent) string {
		if strings.HasPrefix(e.Request.URL, "data:") || e.Request.URL == "file://"+file {
			return ""
		}
		return "request for " + e.Request.URL
	})
	hear(t, b, runtime.ExceptionThrown, func(e runtime.EventExceptionThrown) string { return e.ExceptionDetails.Text })
	hear(t, b, runtime.ConsoleAPICalled, func(e runtime.EventConsoleAPICalled) string { return "console: " + string(e.Type) })
	hear(t, b, cdplog.EntryAdded, func(e cdplog.EventEntryAdded) string { return e.Entry.Text })
	call(t, b, network.Enable, network.EnableParams{})
	call(t, b, runtime.Enable, cdp.Empty{})
	call(t, b, cdplog.Enable, cdp.Empty{})
	do(t, b, chromedp.Navigate("file://"+file))
	return b
}

// do runs an action, and returns its result.
func do[T any](t *testing.T, b *tab, action chromedp.Action[T]) T {
	t.Helper()
	result, err := chromedp.Run(b.Context, action)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// call runs a command of the browser's protocol.
func call[P, R any](t *testing.T, b *tab, c cdp.Command[P, R], params P) R {
	t.Helper()
	return do(t, b, func(ctx context.Context, target *chromedp.Target) (R, error) {
		return cdp.Call(ctx, target, c, params)
	})
}

// script evaluates a script of the test's in the page.
func script[T any](t *testing.T, b *tab, text string) T {
	t.Helper()
	return do(t, b, chromedp.Evaluate[T](text))
}

// hear notes what wrong says of each event of a kind, until the tab is closed.
func hear[E any](t *testing.T, b *tab, kind cdp.Event[E], wrong func(E) string) {
	t.Helper()
	do(t, b, chromedp.Func(func(_ context.Context, target *chromedp.Target) error {
		events := cdp.Events(b.Context, target, kind)
		b.hearer.Go(func() {
			for e, err := range events {
				if err != nil {
					return // the tab is closed
				}
				if what := wrong(e); what != "" {
					b.mu.Lock()
					b.wrong = append(b.wrong, what)
					b.mu.Unlock()
				}
			}
		})
		return nil
	}))
}

func (b *tab) close() {
	b.stop()
	b.hearer.Wait()
}

// quiet closes the tab, and fails the test if a script failed, or anything was asked for.
func (b *tab) quiet(t *testing.T) {
	t.Helper()
	b.close()
	if b.wrong != nil {
		t.Errorf("%q", b.wrong)
	}
}

// program is examples/check, which is built once, and the page of its demo.
var program = sync.OnceValues(func() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "mailconn-page"); err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "check"), "./examples/check")
	build.Dir = "../../.."
	if text, err := build.CombinedOutput(); err != nil {
		return dir, fmt.Errorf("%w: %s", err, text)
	}
	return dir, check(dir, "demo.html", "-demo")
})

// check has the program in dir write a page there.
func check(dir, name string, args ...string) error {
	file := filepath.Join(dir, name)
	text, err := exec.Command(filepath.Join(dir, "check"), append(args, "-html", file)...).CombinedOutput()
	if _, missing := os.Stat(file); missing != nil { // the status tells of findings, too
		return fmt.Errorf("%w: %s", err, text)
	}
	return nil
}

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, _ := program(); dir != "" {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// demo returns the file of the demo's page.
func demo(t *testing.T) string {
	t.Helper()
	dir, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "demo.html")
}

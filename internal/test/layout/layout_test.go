// Package layout has no code of its own: its test keeps the packages of this
// module in their layers.
package layout

import (
	"fmt"
	"go/build"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/mailconn/mailconn"

const (
	goIMAP = "github.com/emersion/go-imap/v2"
	goSMTP = "github.com/emersion/go-smtp"
	goSASL = "github.com/emersion/go-sasl"
	idna   = "golang.org/x/net/idna"

	scram      = "github.com/xdg-go/scram"
	stringprep = "github.com/xdg-go/stringprep"
)

// allowed lists what each package may import besides the standard library:
// packages of this module without the module's path, others in full. A name
// that ends in /... stands for all below it, and for itself.
var allowed = map[string][]string{
	".":                   {},
	"policy":              {},
	"internal/wire":       {"policy"},
	"internal/line":       {"internal/wire", "policy"},
	"internal/line/imap":  {"internal/line", "internal/wire", "policy"},
	"internal/line/smtp":  {"internal/line", "internal/wire", "policy"},
	"internal/line/pop3":  {"internal/line", "internal/wire", "policy"},
	"internal/protocols":  {"internal/line/...", "policy"},
	"internal/upgrade":    {"internal/line", "internal/wire", "policy"},
	"internal/hint":       {"dial/peers", "dial/trust", "internal/line", "internal/protocols", "internal/upgrade", "internal/wire", "policy"},
	"internal/hostname":   {"internal/wire", idna},
	"internal/recall":     {"dial/peers", "internal/upgrade", "internal/wire", "policy"},
	"internal/transcript": {"internal/line", "internal/wire"},
	"internal/verify":     {"dial/trust", "policy"},
	"dial/trust":          {"policy"},
	"dial/peers":          {"dial/trust", "internal/wire", "policy"},
	"dial":                {"dial/peers", "dial/trust", "internal/hint", "internal/hostname", "internal/protocols", "internal/recall", "internal/transcript", "internal/upgrade", "internal/verify", "internal/wire", "policy"},
	"dial/auth":           {"dial", "dial/peers", "dial/trust", "internal/wire", "policy", goSASL, scram, stringprep},
	"dial/dialtest":       {"dial", "internal/test/script", "policy"},
	"internal/session":    {"dial", "dial/auth", "policy"},
	"imapconn":            {"dial", "dial/auth", "internal/line", "internal/line/imap", "internal/session", "internal/wire", "policy", goIMAP + "/...", goSASL},
	"smtpconn":            {"dial", "dial/auth", "internal/line", "internal/line/smtp", "internal/session", "internal/wire", "policy", goSMTP, goSASL},
	"pop3conn":            {"dial", "dial/auth", "internal/line", "internal/line/pop3", "internal/session", "internal/wire", "policy", goSASL},
}

// free lists packages for tests and for reading, which may import what they
// like of this module, and which only they themselves import.
var free = []string{"examples/...", "internal/test/..."}

// within reports whether pkg is in a list of names.
func within(list []string, pkg string) bool {
	return slices.ContainsFunc(list, func(name string) bool {
		below, all := strings.CutSuffix(name, "/...")
		return pkg == below || all && strings.HasPrefix(pkg, below+"/")
	})
}

// packages returns the imports of all packages of the module, tests left out,
// by name.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	root := filepath.Join("..", "..", "..")
	found := map[string][]string{}
	err := filepath.WalkDir(root, func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, dir)
		if err != nil {
			return err
		}
		if rel != "." && strings.ContainsAny(d.Name()[:1], "._") || d.Name() == "testdata" {
			return fs.SkipDir
		}
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil && rel != "." {
			return fs.SkipDir // a module of its own
		}
		p, err := build.ImportDir(dir, 0)
		if _, none := err.(*build.NoGoError); err != nil && !none {
			return fmt.Errorf("%s: %w", rel, err)
		}
		if len(p.GoFiles) > 0 {
			found[filepath.ToSlash(rel)] = p.Imports
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// local returns an import's name as it stands in the lists.
func local(imported string) string {
	if rest, ok := strings.CutPrefix(imported, module+"/"); ok {
		return rest
	}
	return imported
}

// standard reports whether an import is of the standard library.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

func TestArrows(t *testing.T) {
	found := packages(t)
	for pkg, imports := range found {
		list, known := allowed[pkg]
		if under := path.Dir(pkg); !known && !within(free, pkg) {
			// A new public package goes under the one it serves.
			if list, known = allowed[under]; !known || under == "." {
				t.Errorf("package %s has no place in the layout", pkg)
				continue
			}
			list = append(slices.Clone(list), under)
		}
		for _, imported := range imports {
			name := local(imported)
			switch {
			case standard(imported):
				if (name == "testing" || strings.HasPrefix(name, "testing/") || name == "log") && !within(free, pkg) {
					t.Errorf("%s imports %s", pkg, name)
				}
			case within(free, pkg):
			case !within(list, name):
				t.Errorf("%s must not import %s", pkg, name)
			}
		}
	}
	for _, pkg := range []string{"policy", "dial", "dial/auth", "imapconn", "smtpconn", "internal/wire", "internal/upgrade"} {
		if len(found[pkg]) == 0 {
			t.Errorf("package %s was not looked at", pkg)
		}
	}
}

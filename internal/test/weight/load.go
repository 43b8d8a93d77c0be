package main

import (
	"bytes"
	"fmt"
	"go/types"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/mailconn/mailconn/internal/test/packages"
)

// load is what an importer of a package takes on.
type load struct {
	pkg      string
	modules  map[string]string // the foreign ones that are vendored, and the texts of their licences
	packages int               // vendored, foreign and own
	foreign  int               // lines of Go in foreign modules
	own      int               // lines of Go in this module
	kib      int               // the binary, stripped; what it is above the yardstick's, once that is known
}

// weigh vendors and builds the importer of a package.
func weigh(root, pkg string, t *types.Package) (load, error) {
	dir, err := os.MkdirTemp("", "weight")
	if err != nil {
		return load{}, err
	}
	defer os.RemoveAll(dir)
	if err := write(root, dir, importer(t)); err != nil {
		return load{}, err
	}
	for _, args := range [][]string{
		{"mod", "edit", "-module=importer", "-require=" + packages.Module + "@v0.0.0", "-replace=" + packages.Module + "=" + root},
		{"mod", "tidy"},
		{"mod", "vendor"},
		{"build", "-trimpath", "-ldflags=-s -w", "-o", "binary", "."},
	} {
		if err := goCommand(dir, args...); err != nil {
			return load{}, err
		}
	}
	return measure(dir, pkg)
}

// write begins the importer's module: with the versions that this one has, of
// which go mod tidy keeps what is needed.
func write(root, dir, program string) error {
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o666)
}

// goCommand runs the go command without the network, always for one target, so
// that sizes can be compared.
func goCommand(dir string, args ...string) error {
	c := exec.Command("go", args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOPROXY=off", "GOSUMDB=off",
		"GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

func measure(dir, pkg string) (load, error) {
	l := load{pkg: pkg, modules: map[string]string{}}
	binary, err := os.Stat(filepath.Join(dir, "binary"))
	if err != nil {
		return l, err
	}
	l.kib = int(binary.Size() / 1024)
	vendor := filepath.Join(dir, "vendor")
	list, err := os.ReadFile(filepath.Join(vendor, "modules.txt"))
	if os.IsNotExist(err) { // nothing to vendor
		return l, nil
	}
	if err != nil {
		return l, err
	}
	for name, packages := range vendored(string(list)) {
		l.packages += packages
		if err := l.add(filepath.Join(vendor, filepath.FromSlash(name)), name); err != nil {
			return l, err
		}
	}
	return l, nil
}

// vendored returns how many packages of each module a modules.txt lists. A
// module without one is there for its version alone.
func vendored(list string) map[string]int {
	packages, name := map[string]int{}, ""
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0, fields[0] == "##":
		case fields[0] == "#":
			name = fields[1]
		default:
			packages[name]++
		}
	}
	return packages
}

// add counts a module.
func (l *load) add(dir, name string) error {
	n, err := lines(dir)
	if name == packages.Module {
		l.own += n
		return err
	}
	l.foreign += n
	if err == nil {
		l.modules[name], err = licenceText(dir)
	}
	return err
}

// lines counts the lines of Go below a directory.
func lines(dir string) (int, error) {
	n := 0
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".go" {
			return err
		}
		text, err := os.ReadFile(name)
		n += bytes.Count(text, []byte("\n"))
		return err
	})
	return n, err
}

// licenceText returns what the files say that bear a licence's name, "" if
// there are none.
func licenceText(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var all string
	for _, e := range entries {
		if upper := strings.ToUpper(e.Name()); !strings.HasPrefix(upper, "LICEN") && !strings.HasPrefix(upper, "COPYING") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return "", err
		}
		all += string(text)
	}
	return all, nil
}

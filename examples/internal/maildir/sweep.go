package maildir

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// old is the age from which a file in tmp is of no delivery that is still under way, as
// Maildir has it.
const old = 36 * time.Hour

// owner is the part of a name in tmp that says whose the file is: the process, and its
// host, as hosts may share a Maildir.
func owner() string { return fmt.Sprintf(".%d.%s", os.Getpid(), host()) }

// host stands for this host's name. A host without one knows no files as its own.
var host = sync.OnceValue(func() string {
	name, err := os.Hostname()
	if err != nil {
		return fmt.Sprintf("%08x", rand.Uint32())
	}
	sum := sha256.Sum256([]byte(name))
	return fmt.Sprintf("%x", sum[:4])
})

// sweep removes from tmp what this program has made and left: files whose process is gone,
// and old ones.
func (d *Dir) sweep() error {
	own := regexp.MustCompile(`^[0-9a-f][0-9a-f.-]*` + regexp.QuoteMeta(d.Suffix) + `\.(\d+)\.([0-9a-f]{8})\.\d+$`)
	tmp := filepath.Join(d.Path, "tmp")
	entries, err := os.ReadDir(tmp)
	for _, e := range entries {
		name := own.FindStringSubmatch(e.Name())
		info, err := e.Info()
		if name == nil || err != nil || !info.Mode().IsRegular() {
			continue
		}
		if time.Since(info.ModTime()) > old || name[2] == host() && gone(name[1]) {
			os.Remove(filepath.Join(tmp, e.Name()))
		}
	}
	return err
}

// gone reports whether a process of this host has ended. One that had this process's
// number has. Windows does not tell, and so its files stay until they are old.
func gone(number string) bool {
	pid, err := strconv.Atoi(number)
	if err != nil || pid <= 0 {
		return false
	}
	if pid == os.Getpid() {
		return true
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	defer process.Release()
	return errors.Is(process.Signal(syscall.Signal(0)), os.ErrProcessDone)
}

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

// sweep removes from tmp what this program has made and left: on this host files whose process
// has ended, and old ones of other hosts. A file's date is the message's and tells nothing if
// the process can be asked.
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
		left, known := ended(name[1])
		if !known || name[2] != host() {
			left = time.Since(info.ModTime()) > old
		}
		if left {
			os.Remove(filepath.Join(tmp, e.Name()))
		}
	}
	return err
}

// ended reports whether a process of this host has ended, if that is known. One that had this
// process's number has. Windows does not tell.
func ended(number string) (yes, known bool) {
	pid, err := strconv.Atoi(number)
	if err != nil || pid <= 0 {
		return false, false
	}
	if pid == os.Getpid() {
		return true, true
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return false, false
	}
	defer process.Release()
	err = process.Signal(syscall.Signal(0))
	yes = errors.Is(err, os.ErrProcessDone)
	return yes, yes || err == nil || errors.Is(err, os.ErrPermission)
}

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/mailconn/mailconn/examples/internal/maildir"
)

const suffix = ".popfetch"

// fileName is the name of a message's file: the same in every run, and another
// for each message of each account.
func fileName(account, key string) string {
	sum := sha256.Sum256([]byte(account + "\n" + key))
	return hex.EncodeToString(sum[:16]) + suffix
}

// saveTo writes a message, and returns its length. It is in new when saveTo
// returns, whole and on the disk. One that is there already, because a run was
// killed before it could take note, is left as it is; another message that the
// server gave the same identifier gets a name of its own.
func saveTo(box *maildir.Dir, name string, message io.Reader) (int64, error) {
	hash := sha256.New()
	return box.Write(name, io.TeeReader(message, hash), func(tmp string) error {
		final, sum := name, hex.EncodeToString(hash.Sum(nil))
		if box.Names[final] {
			if has(box, final, sum) {
				return nil
			}
			final = strings.TrimSuffix(name, suffix) + "-" + sum[:16] + suffix
		}
		if box.Names[final] {
			return nil // its name holds the content
		}
		return box.Publish(tmp, final, "")
	})
}

// has reports whether the message of that name has the content. One that its
// reader has moved elsewhere counts as another.
func has(box *maildir.Dir, name, sum string) bool {
	for _, sub := range []string{"new", "cur"} {
		files, _ := filepath.Glob(filepath.Join(box.Path, sub, name+"*"))
		for _, file := range files {
			if text, err := os.ReadFile(file); err == nil && sum == contentSum(text) {
				return true
			}
		}
	}
	return false
}

func contentSum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

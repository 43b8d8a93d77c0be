package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is not a terminal gets no colours, and is not told of progress.
func TestNoTerminal(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	progress(file, 1)(nil) // which would need an endpoint to tell of it
	o := &options{from: "testdata/demo.json"}
	r, err := o.load()
	if err != nil {
		t.Fatal(err)
	}
	var buffer bytes.Buffer
	for _, err := range []error{o.show(r, file), o.show(r, &buffer)} {
		if err != nil {
			t.Error(err)
		}
	}
	text, err := os.ReadFile(file.Name())
	if err != nil || string(text) != buffer.String() || strings.Contains(buffer.String(), "\x1b") || buffer.Len() == 0 {
		t.Errorf("%v: %q", err, text)
	}
}

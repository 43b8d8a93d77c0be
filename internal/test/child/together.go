package child

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
)

// ready is what a child says when it is ready.
const ready = "ready\n"

// Ready is called by a child of [Together] when it is ready. It returns when all are.
func Ready() error {
	fmt.Print(ready)
	_, err := bufio.NewReader(os.Stdin).ReadString('\n')
	return err
}

// Together starts children that call [Ready], has them go on at once, and returns what each
// wrote to its standard output from then on. A child that fails is an error of the test.
func Together(t testing.TB, children ...*exec.Cmd) []string {
	t.Helper()
	begin, said, stderr := make([]io.Writer, len(children)), make([]*bufio.Reader, len(children)), make([]bytes.Buffer, len(children))
	for i, cmd := range children {
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		begin[i], said[i], cmd.Stderr = stdin, bufio.NewReader(stdout), &stderr[i]
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := said[i].ReadString('\n'); err != nil || line != ready {
			t.Fatalf("%q, %v\n%s", line, err, &stderr[i])
		}
	}
	for _, w := range begin {
		io.WriteString(w, "go\n")
	}
	texts := make([]string, len(children))
	for i, cmd := range children {
		text, _ := io.ReadAll(said[i])
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v\n%s%s", err, text, &stderr[i])
		}
		texts[i] = string(text)
	}
	return texts
}

package main

import (
	"io"
	"os"

	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/examples/check/internal/terminal"
	"github.com/mailconn/mailconn/examples/internal/prompt"
)

// few is up to how many servers all that is known is written without being asked for.
const few = 2

// show writes the report in the forms that the options name.
func (o *options) show(r *report.Report, stdout io.Writer) error {
	if o.json {
		return r.Write(stdout)
	}
	f, ok := stdout.(*os.File)
	return terminal.Write(stdout, r, terminal.Style{
		Colour: ok && prompt.IsTerminal(f) && os.Getenv("NO_COLOR") == "",
		Long:   o.long || len(r.Endpoints) <= few,
	})
}

package main

import (
	"io"
	"os"

	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/examples/check/internal/terminal"
	"github.com/mailconn/mailconn/examples/check/internal/webpage"
	"github.com/mailconn/mailconn/examples/internal/prompt"
)

// few is up to how many servers all that is known is written without being asked for.
const few = 2

// show writes the report in the forms that the options name.
func (o *options) show(r *report.Report, stdout io.Writer) error {
	if o.html != "" {
		if err := writePage(o.html, r); err != nil {
			return err
		}
	}
	if o.json {
		return r.Write(stdout)
	}
	f, ok := stdout.(*os.File)
	return terminal.Write(stdout, r, terminal.Style{
		Colour: ok && prompt.IsTerminal(f) && os.Getenv("NO_COLOR") == "",
		Long:   o.long || len(r.Endpoints) <= few,
	})
}

// writePage writes the report to a file, as a page.
func writePage(file string, r *report.Report) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := webpage.Write(f, r); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
)

func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), &out); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	var seen []string
	for dec := json.NewDecoder(&out); dec.More(); {
		var record struct{ Msg, Endpoint string }
		if err := dec.Decode(&record); err != nil {
			t.Fatal(err)
		}
		if record.Endpoint == "" && record.Msg != "connected" {
			t.Errorf("%q has no endpoint", record.Msg)
		}
		if !slices.Contains(seen, record.Msg) {
			seen = append(seen, record.Msg)
		}
	}
	want := []string{"phase begins", "phase done", "policy decided", "handshake done", "connected"}
	if !slices.Equal(seen, want) {
		t.Errorf("records %q, want %q", seen, want)
	}
}

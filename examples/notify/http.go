package main

import (
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net"
	"net/http"
	"time"

	"github.com/mailconn/mailconn/smtpconn/outbox"
)

// serve takes notices by HTTP until ctx ends, and then lets requests end within grace.
func (s *service) serve(ctx context.Context, address string, grace time.Duration) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	s.screen.say("listening at %v", l.Addr())
	mux := http.NewServeMux()
	mux.HandleFunc("POST /", s.post)
	mux.HandleFunc("GET /stats", s.stats)
	server := &http.Server{Handler: mux, ReadTimeout: time.Minute, IdleTimeout: time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err = <-ended:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	return server.Shutdown(ending)
}

// maxBody is the longest notice that is taken by HTTP.
const maxBody = 1 << 20

// post takes a notice. A page that a browser shows cannot send this content type to
// another site without asking it first, which no answer of ours allows.
func (s *service) post(w http.ResponseWriter, r *http.Request) {
	if t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); t != "application/json" {
		http.Error(w, "want application/json", http.StatusUnsupportedMediaType)
		return
	}
	var n notice
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&n); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	a, err := s.take(r.Context(), n)
	respond(w, httpStatus(err), a)
}

func httpStatus(err error) int {
	var bad badNotice
	switch {
	case err == nil:
		return http.StatusOK
	case errors.As(err, &bad):
		return http.StatusBadRequest
	case errors.Is(err, outbox.ErrConflict), errors.Is(err, outbox.ErrUnderWay):
		return http.StatusConflict
	case errors.Is(err, outbox.ErrNoMessage):
		return http.StatusNotFound
	case errors.Is(err, outbox.ErrFull), errors.Is(err, outbox.ErrMaybeStored), errors.Is(err, outbox.ErrClosed):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// stats is for a health check, and for metrics.
func (s *service) stats(w http.ResponseWriter, _ *http.Request) {
	n := s.box.Stats()
	report := map[string]any{"waiting": n.Waiting, "in_doubt": n.InDoubt, "untold": n.Untold, "unsaved": n.Unsaved}
	if !n.Oldest.IsZero() {
		report["oldest"] = n.Oldest
	}
	down := map[string]string{}
	for i, r := range n.Relays {
		if r.Down != nil {
			down[s.relays[i].name] = r.Down.Error()
		}
	}
	report["down"] = down
	respond(w, http.StatusOK, report)
}

func respond(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

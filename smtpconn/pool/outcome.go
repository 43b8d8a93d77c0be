package pool

import (
	"context"
	"errors"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/smtpconn"
)

func outcome(err error) smtpconn.Outcome {
	var failed *smtpconn.SendError
	if errors.As(err, &failed) {
		return failed.Outcome
	}
	return 0
}

// doubted returns err, but in doubt if an attempt was: what became of the last says
// nothing about that.
func doubted(doubt bool, err error) error {
	if !doubt || err == nil || outcome(err) == smtpconn.InDoubt {
		return err
	}
	return &smtpconn.SendError{Outcome: smtpconn.InDoubt, Phase: smtpconn.PhaseEnd, Err: err}
}

func notSent(err error) error {
	return &smtpconn.SendError{Outcome: smtpconn.NotSent, Phase: smtpconn.PhaseConnect, Err: err}
}

// unfit is the error of content that cannot be sent.
func unfit(err error) error {
	return &smtpconn.SendError{Outcome: smtpconn.NotSent, Phase: smtpconn.PhaseContent, Err: &wire.Fault{Err: err}}
}

// badCall is the error of a call that was wrong, which says nothing of the message.
func badCall(err error) error {
	return &smtpconn.SendError{Outcome: smtpconn.NotSent, Phase: smtpconn.PhaseConfig, Err: &wire.CallError{Err: err}}
}

// ended returns the error of a context that has ended, and its cause.
func ended(ctx context.Context) error {
	if cause := context.Cause(ctx); errors.Is(cause, ErrClosed) {
		return cause
	}
	return wire.ContextError(ctx)
}

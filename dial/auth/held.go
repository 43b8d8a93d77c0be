package auth

import (
	"slices"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/policy"
)

// heldTo takes away what shows the server the password, if the server is
// remembered with SCRAM and the caller wants it held to that. What remains
// when the server still lists SCRAM, and the caller does not use it, is the
// caller's choice.
func heldTo(past *peers.Known, o *offer, list []attempt) ([]attempt, error) {
	if past == nil {
		return list, nil
	}
	hidden := slices.DeleteFunc(slices.Clone(list), func(a attempt) bool { return a.shows })
	if len(hidden) > 0 || len(list) == 0 {
		return hidden, nil
	}
	if peers.MechanismSet(o.mechanisms...).SCRAM() {
		return list, nil
	}
	v := violation(o.setup.Endpoint(), policy.ErrAuthLowered)
	v.Err = past
	return nil, v
}

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
func heldTo(past *peers.Known, on site, list []attempt) ([]attempt, error) {
	if past == nil {
		return list, nil
	}
	hidden := slices.DeleteFunc(slices.Clone(list), func(a attempt) bool { return showsPassword(a.mechanism) })
	if len(hidden) > 0 || len(list) == 0 {
		return hidden, nil
	}
	if peers.MechanismSet(on.Mechanisms()...).SCRAM() {
		return list, nil
	}
	v := violation(on.security, policy.ErrAuthLowered)
	v.Err = past
	return nil, v
}

// showsPassword reports whether a mechanism lets the server see the password.
func showsPassword(name string) bool {
	i := slices.IndexFunc(ranking, func(m mechanism) bool { return m.name == name })
	return i >= 0 && ranking[i].shows
}

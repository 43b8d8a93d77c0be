// Package interop has no code of its own: its tests run the library against
// real mail servers, see package servers. They are a module of their own, so
// that only these tests need those servers.
package interop

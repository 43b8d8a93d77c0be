// Package supervise runs real servers for tests, on Linux, so that none of their
// processes outlives the tests, however those end.
//
// A server forks, changes its user, makes sessions of its own and leaves
// orphans; the signal that the kernel can send at a parent's death is lost on
// the way. So each server runs under a supervisor, which is the test's own
// program started again: the kernel makes it the parent of every orphan below
// it, and it exits only when they are all gone.
package supervise

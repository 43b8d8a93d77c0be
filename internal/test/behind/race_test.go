//go:build race

package behind

const raceDetector = true

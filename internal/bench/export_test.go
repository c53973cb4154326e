package bench

// Probes is how many answers are looked at before the load.
const Probes = probes

// RoleFloor makes the test binary a floor.
const RoleFloor = roleFloor

// Ends returns the first and the last path of the scenario.
func Ends(s *Scenario) []string {
	return []string{string(s.appendPath(nil, 0)), string(s.appendPath(nil, s.size()-1))}
}

"""The explanations that the post printed for Sarah, word for word, as examples to check."""

# (O*NET-SOC code, reason, next step)
PUBLISHED = (
    (
        "15-1244.00",
        "Network and Computer Systems Administrator fits you because it's a mix of investigative "
        "problem-solving and enterprising \"take charge\" work. Your critical thinking plus strong "
        "speaking/writing helps when troubleshooting and explaining fixes to others.",
        "Next step: try a beginner lab like Cisco Packet Tracer or follow a short intro course "
        "(CompTIA Network+ is a solid starting point).",
    ),
    (
        "11-3051.00",
        "Industrial Production Manager fits you because it leans heavily on critical thinking and "
        "social perceptiveness to spot problems and coordinate people. With your Enterprising + "
        "Investigative interests, you'll likely enjoy leading operations while also digging into "
        "data to improve quality.",
        "",
    ),
    # The example of an enhancement in Part 3 names no occupation; 0.82 is the score of this one.
    (
        "11-3051.00",
        "This career matches your communication and analytical skills from marketing. Great "
        "transition path into tech!",
        "",
    ),
)

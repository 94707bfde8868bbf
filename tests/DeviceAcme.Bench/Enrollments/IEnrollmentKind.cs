namespace DeviceAcme.Bench.Enrollments;

/// <summary>What differs between the enrollments that are measured: classic and Apple.</summary>
internal interface IEnrollmentKind
{
    string Name { get; }

    /// <summary>The shipped profile whose directory is used.</summary>
    string Profile { get; }

    string ChallengeType { get; }

    /// <summary>Makes all that does not depend on the server's answers: key, request, payloads. Not measured.</summary>
    /// <param name="number">No two enrollments of a run have the same.</param>
    Candidate Prepare(int number);

    /// <summary>The payload that answers the challenge.</summary>
    byte[] Answer(Candidate candidate, string token, string keyAuthorization);

    /// <summary>Waits until the server has had the occasion to validate: a client that asks earlier only asks in vain.</summary>
    Task Validated(string token, CancellationToken cancellation);
}

namespace DeviceAcme.Cli.ClientConfig;

/// <summary>An ACME client that others wrote, and how it is told where to enroll.</summary>
internal interface IClientConfiguration
{
    /// <summary>As on the command line.</summary>
    string Name { get; }

    /// <summary>What is printed: <c>sh</c>, <c>powershell</c>, <c>yaml</c>, <c>caddyfile</c>, <c>apache</c>. In each of them <c>#</c> begins a comment.</summary>
    string Language { get; }

    /// <summary>The challenges that it is shown for, the usual one first.</summary>
    IReadOnlyList<string> Challenges { get; }

    /// <summary>True if it enrolls addresses too.</summary>
    bool TakesAddresses => false;

    /// <summary>The whole text, ready to be run or put into place.</summary>
    /// <exception cref="CommandFailure">The client cannot do what the profile wants.</exception>
    string Write(Enrollment enrollment);

    /// <summary>What the text cannot do itself.</summary>
    IEnumerable<string> Notes(Enrollment enrollment);
}

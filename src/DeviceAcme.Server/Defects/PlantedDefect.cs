namespace DeviceAcme.Server.Defects;

/// <summary>One rule that a wrong server breaks, and how this one is made to break it.</summary>
internal sealed record PlantedDefect
{
    /// <summary>Kebab-case, once in the table.</summary>
    public required string Name { get; init; }

    /// <summary>The rule's section.</summary>
    public required string Section { get; init; }

    /// <summary>What such a server does, as the end of "a server that …".</summary>
    public required string Broken { get; init; }

    /// <summary>The kind of device that meets it.</summary>
    public required string Kind { get; init; }

    /// <summary>The case of the conformance suite that must find it.</summary>
    public required string Case { get; init; }

    /// <summary>Reason codes that are given no more: the check passes.</summary>
    public IReadOnlyList<string> Overlooks { get; init; } = [];

    /// <summary>Changes a request before anybody looks at it. What is wrong in it is mended: a server that does not look accepts it.</summary>
    public Func<DefectRequest, Task>? Request { get; init; }

    /// <summary>Changes an answer before it is sent.</summary>
    public Action<DefectAnswer>? Answer { get; init; }

    /// <summary>Changes the headers, after everybody else set theirs.</summary>
    public Action<HttpResponse>? Headers { get; init; }
}

namespace DeviceAcme.Protocol.Client;

/// <summary>How a client behaves.</summary>
public sealed record AcmeClientOptions
{
    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Longest time for one answer.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Longest time to wait for an order or authorization to change.</summary>
    public TimeSpan PollTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Longest pause between two looks, also where <c>Retry-After</c> asks for more.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The User-Agent that RFC 8555 §6.1 asks for.</summary>
    public string UserAgent { get; init; } = "deviceacme";

    /// <summary>Hears of every exchange.</summary>
    public Action<AcmeStep>? OnStep { get; init; }

    /// <summary>Changes a payload before it is signed: it is given the step's name and the right payload. For simulators and tests.</summary>
    public Func<string, byte[], byte[]>? PayloadTransform { get; init; }
}

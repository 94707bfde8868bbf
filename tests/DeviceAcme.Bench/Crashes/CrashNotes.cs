using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace DeviceAcme.Bench.Crashes;

/// <summary>One order as its client remembers it: what the server said of it last, and never less.</summary>
internal sealed class NotedOrder
{
    public required string Url { get; init; }
    public required string Serial { get; init; }
    public required ECDsa Key { get; init; }
    public required byte[] Csr { get; init; }

    /// <summary>Its certificate is revoked as soon as it is there.</summary>
    public required bool ToBeRevoked { get; init; }

    /// <summary>The revocation was sent, and may be stored without our knowing.</summary>
    public bool RevocationAsked { get; set; }

    /// <summary>The last status that an answer had.</summary>
    public string Status { get; set; } = "pending";
    public string? Certificate { get; set; }

    /// <summary>The chain that was downloaded, PEM.</summary>
    public string? Chain { get; set; }

    /// <summary>The certificate's serial number, as soon as its revocation was acknowledged.</summary>
    public byte[]? Revoked { get; set; }
}

/// <summary>What was acknowledged: the server may forget nothing of it.</summary>
internal sealed class CrashNotes
{
    private readonly ConcurrentQueue<string> _problems = new();
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _accounts;
    private int _orders;
    private int _certificates;
    private int _revocations;

    public IReadOnlyCollection<string> Problems => _problems;

    public int Accounts => _accounts;

    public int Orders => _orders;

    public int Certificates => _certificates;

    public int Revocations => _revocations;

    public void Account() => Interlocked.Increment(ref _accounts);

    public void Order()
    {
        Interlocked.Increment(ref _orders);
        Volatile.Read(ref _next).TrySetResult();
    }

    /// <summary>Ends with the next order that is acknowledged.</summary>
    public Task NextAnswer()
    {
        var next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _next, next);
        return next.Task;
    }

    public void Certificate() => Interlocked.Increment(ref _certificates);

    public void Revocation() => Interlocked.Increment(ref _revocations);

    public void Problem(string what) => _problems.Enqueue(what);
}

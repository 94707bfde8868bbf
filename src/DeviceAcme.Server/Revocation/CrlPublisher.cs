using System.Collections.Concurrent;
using System.Diagnostics;
using DeviceAcme.Core.Revocation;
using DeviceAcme.Server.Connectors.BuiltIn;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Workers;

namespace DeviceAcme.Server.Revocation;

/// <summary>Publishes the CRL of every issuing key of this installation: after a start, at once after a revocation, and long before the last one ends.</summary>
internal sealed partial class CrlPublisher(
    IReadOnlyList<CrlIssuer> issuers, IRevocationStore store, ILeases leases, TimeProvider time, ILogger<CrlPublisher> logger) : BackgroundService
{
    /// <summary>How often a CRL is made anew where another node published one meanwhile.</summary>
    private const int Attempts = 10;

    /// <summary>Held while a node compares its keys with those of the others.</summary>
    private const string StartLease = "start";

    private static readonly TimeSpan Look = TimeSpan.FromMinutes(1);

    /// <summary>A node that ends in the middle of its start holds the others up for no longer than this.</summary>
    private static readonly TimeSpan StartLeaseTime = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan StartPause = TimeSpan.FromMilliseconds(100);

    /// <summary>How far clocks of nodes may be apart, where the times of revocations and CRLs are compared.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, PublishedCrl> _published = new(StringComparer.Ordinal);

    /// <summary>Issuing keys whose last CRL, of an earlier start, is in force until the first one of this start is made: a start does not wait for all its lines.</summary>
    private readonly List<string> _fromBefore = [];

    private readonly ConcurrentDictionary<string, Publication> _publications =
        new(issuers.ToDictionary(issuer => issuer.Folder.KeyId, issuer => new Publication(issuer), StringComparer.Ordinal), StringComparer.Ordinal);

    /// <summary>The CRL in force of an issuing key; null for a key that is not ours.</summary>
    public PublishedCrl? Find(string issuerKeyId) => _published.GetValueOrDefault(issuerKeyId);

    /// <summary>The same, made anew first where an import has given the issuer another key identifier than the CRL in force names.</summary>
    public async Task<PublishedCrl?> Current(string issuerKeyId)
    {
        if (_publications.TryGetValue(issuerKeyId, out var publication) && NamesAnotherKey(publication))
        {
            await publication.Request(PublishNow);
        }

        return Find(issuerKeyId);
    }

    /// <summary>One more issuer, for a profile that comes into force while the server runs; its first CRL is published before this ends.</summary>
    public Task Include(CrlIssuer issuer) => _publications.GetOrAdd(issuer.Folder.KeyId, _ => new Publication(issuer)).Request(PublishNow);

    /// <summary>The issuer whose key has this id; null where there is none.</summary>
    public IssuerFolder? Issuer(string issuerKeyId) => _publications.GetValueOrDefault(issuerKeyId)?.Issuer.Folder;

    /// <summary>
    /// Publishes a CRL that has everything committed before this call. Simultaneous callers share one. A failure is logged and tried again
    /// by the worker: the revocation itself is stored, so it is no failure of the caller's request.
    /// </summary>
    public Task Publish(string issuerKeyId)
    {
        if (_publications.TryGetValue(issuerKeyId, out var publication))
        {
            return publication.Request(PublishNow);
        }

        NoKey(issuerKeyId);
        return Task.CompletedTask;
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (store.IsShared)
        {
            await Join(cancellationToken);
        }

        foreach (var (keyId, publication) in _publications.Where(publication => !_published.ContainsKey(publication.Key)))
        {
            if (!store.IsShared && await store.Last(keyId, cancellationToken) is { } last && time.GetUtcNow() < last.NextUpdate && _published.TryAdd(keyId, last))
            {
                _fromBefore.Add(keyId);
            }
            else
            {
                await publication.Request(PublishNow);
            }
        }

        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // a stop between a revocation and its CRL, or an import meanwhile, is made good here, and before that by whoever asks for the CRL: it names no key that would be known yet
        foreach (var keyId in _fromBefore)
        {
            await Publish(keyId);
        }

        using var timer = new PeriodicTimer(Look, time);
        while (await NextLook(timer, stoppingToken))
        {
            foreach (var publication in _publications.Values.Where(IsDue))
            {
                // one node makes it, the others find it in the store
                var lease = $"crl:{publication.Issuer.Folder.KeyId}";
                try
                {
                    if ((await leases.Take([lease], 1, Look, stoppingToken)).Count > 0)
                    {
                        await publication.Request(PublishNow);
                    }
                }
                catch (Exception failure) when (failure is not OperationCanceledException)
                {
                    NotPublished(publication.Issuer.Folder.Name, failure);
                }
            }
        }
    }

    /// <summary>Takes over CRLs that other nodes published.</summary>
    public async Task Follow(CancellationToken cancellation)
    {
        foreach (var (keyId, number) in await store.Numbers(cancellation))
        {
            if (_publications.TryGetValue(keyId, out var publication) && number > (_published.GetValueOrDefault(keyId)?.Number ?? 0) && await store.Last(keyId, cancellation) is { } last)
            {
                Adopt(publication, last);
            }
        }
    }

    /// <summary>
    /// The keys of a node that comes to others must be theirs. Asked before it writes anything that they would follow, by one node after the other:
    /// the first shows its keys by its first CRLs before the next one asks.
    /// </summary>
    /// <exception cref="StartFailure">They are not, or another node is at it for longer than <see cref="StartPatience"/>.</exception>
    public async Task RequireSameKeys(CancellationToken cancellation)
    {
        await WaitForOwnTurn(cancellation);
        try
        {
            await CompareOrShowKeys(cancellation);
        }
        finally
        {
            await leases.Release(StartLease);
        }
    }

    private async Task WaitForOwnTurn(CancellationToken cancellation)
    {
        // by the machine's clock: what is waited for is another machine
        var since = Stopwatch.GetTimestamp();
        while ((await leases.Take([StartLease], 1, StartLeaseTime, cancellation)).Count == 0)
        {
            if (Stopwatch.GetElapsedTime(since) > StartPatience)
            {
                throw new StartFailure(
                    $"another node has been showing its keys to the database for {StartPatience.TotalSeconds:0} s", "see in its log what it waits for; start this one when it is ready");
            }

            await Task.Delay(StartPause, cancellation);
        }
    }

    private async Task CompareOrShowKeys(CancellationToken cancellation)
    {
        var numbers = await store.Numbers(cancellation);
        var strangers = numbers.Keys.Where(keyId => !_publications.ContainsKey(keyId)).ToList();
        var own = _publications.Values.Where(publication => !numbers.ContainsKey(publication.Issuer.Folder.KeyId)).Select(publication => publication.Issuer.Folder.Name).ToList();
        if (strangers.Count > 0 && own.Count > 0)
        {
            throw new StartFailure(
                $"the keys of this node's CA ({string.Join(", ", own)}) are not those of the nodes that share its database",
                "stop it, copy the folders ca and attestation-ca from the data directory of another node, and start again (docs/operations.md)");
        }

        if (numbers.Count == 0)
        {
            foreach (var publication in _publications.Values)
            {
                await publication.Request(PublishNow);
            }
        }
    }

    /// <summary>A node that comes to others serves their CRLs, unless there is something that those do not have.</summary>
    private async Task Join(CancellationToken cancellation)
    {
        foreach (var (keyId, publication) in _publications)
        {
            if (await store.Last(keyId, cancellation) is { } last && time.GetUtcNow() < last.ThisUpdate + publication.Issuer.Refresh
                && (await store.Revoked(keyId, last.ThisUpdate, cancellation)).All(revoked => revoked.RevokedAt < last.ThisUpdate - Skew))
            {
                Adopt(publication, last);
            }
        }
    }

    private void Adopt(Publication publication, PublishedCrl crl)
    {
        _published.AddOrUpdate(crl.IssuerKeyId, crl, (_, known) => known.Number > crl.Number ? known : crl);
        if (publication.KeyIdentifier.IsEmpty)
        {
            publication.Succeed(publication.Issuer.Folder.Current.KeyIdentifier);
        }
    }

    private static async Task<bool> NextLook(PeriodicTimer timer, CancellationToken stopping)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return false;
        }
    }

    private bool IsDue(Publication publication) =>
        publication.Failed
        || !_published.TryGetValue(publication.Issuer.Folder.KeyId, out var crl)
        || time.GetUtcNow() >= crl.ThisUpdate + publication.Issuer.Refresh
        || NamesAnotherKey(publication);

    private bool NamesAnotherKey(Publication publication)
    {
        try
        {
            return !publication.Issuer.Folder.Current.KeyIdentifier.Span.SequenceEqual(publication.KeyIdentifier.Span);
        }
        catch (IssuerException wrong)
        {
            // somebody spoiled the issuer's file: the CRL in force serves on, and so does the server
            NotPublished(publication.Issuer.Folder.Name, wrong);
            return false;
        }
    }

    private async Task PublishNow(Publication publication)
    {
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    await PublishOnce(publication);
                    return;
                }
                catch (CrlNumberException) when (store.IsShared && attempt < Attempts)
                {
                    // another node has published one between: the next one has what that one has
                }
            }
        }
        catch (Exception failure)
        {
            publication.Failed = true;
            NotPublished(publication.Issuer.Folder.Name, failure);
        }
    }

    private async Task PublishOnce(Publication publication)
    {
        var issuer = publication.Issuer;
        var keyId = issuer.Folder.KeyId;
        var certificate = issuer.Folder.Current;
        var last = (store.IsShared ? null : _published.GetValueOrDefault(keyId)) ?? await store.Last(keyId, CancellationToken.None);

        // whole seconds, and never before the last one, whatever the clock does
        var now = DateTimeOffset.FromUnixTimeSeconds(time.GetUtcNow().ToUnixTimeSeconds());
        var thisUpdate = last is not null && last.ThisUpdate > now ? last.ThisUpdate : now;
        var nextUpdate = thisUpdate + issuer.Lifetime;

        // RFC 5280 §3.3: an entry stays until one CRL after the certificate's end has carried it
        var revoked = await store.Revoked(keyId, last?.ThisUpdate ?? DateTimeOffset.UnixEpoch, CancellationToken.None);
        var number = (last?.Number ?? 0) + 1;
        var der = CrlBuilder.Build(issuer.Folder.Issuer(certificate, null), number, thisUpdate, nextUpdate, revoked);
        var crl = new PublishedCrl(keyId, number, der, thisUpdate, nextUpdate);
        await store.Save(crl, CancellationToken.None);
        _published[keyId] = crl;
        publication.Succeed(certificate.KeyIdentifier);
        Published(issuer.Folder.Name, number, revoked.Count);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "CRL {Number} of issuer {Issuer} published with {Count} entries")]
    private partial void Published(string issuer, long number, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "the CRL of issuer {Issuer} was not published; the worker tries again")]
    private partial void NotPublished(string issuer, Exception failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "there is no issuing key {KeyId} here: its CRL cannot be published")]
    private partial void NoKey(string keyId);

    /// <summary>Runs one publication at a time per issuer; callers that come while one runs share the next.</summary>
    private sealed class Publication(CrlIssuer issuer)
    {
        private readonly Lock _gate = new();
        private Task _running = Task.CompletedTask;
        private Task? _next;

        public CrlIssuer Issuer => issuer;

        public volatile bool Failed;

        /// <summary>The key identifier that the last CRL names; an imported certificate may state another.</summary>
        public ReadOnlyMemory<byte> KeyIdentifier { get; private set; }

        public void Succeed(ReadOnlyMemory<byte> keyIdentifier)
        {
            KeyIdentifier = keyIdentifier;
            Failed = false;
        }

        public Task Request(Func<Publication, Task> publish)
        {
            lock (_gate)
            {
                return _next ??= Run(_running, publish);
            }
        }

        private async Task Run(Task previous, Func<Publication, Task> publish)
        {
            await previous.ConfigureAwait(ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.SuppressThrowing);
            lock (_gate)
            {
                // it begins to read now: who comes later needs another
                _running = _next!;
                _next = null;
            }

            await publish(this);
        }
    }
}

/// <summary>An issuing key and the rhythm of its CRLs.</summary>
/// <param name="Folder">The issuer.</param>
/// <param name="Lifetime">From thisUpdate to nextUpdate.</param>
/// <param name="Refresh">After how long a new one is made without any revocation.</param>
internal sealed record CrlIssuer(IssuerFolder Folder, TimeSpan Lifetime, TimeSpan Refresh);

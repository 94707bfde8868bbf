using System.Collections.Concurrent;
using DeviceAcme.Core.Revocation;
using DeviceAcme.Server.Connectors.BuiltIn;

namespace DeviceAcme.Server.Revocation;

/// <summary>Publishes the CRL of every issuing key of this installation: at start, at once after a revocation, and long before the last one ends.</summary>
internal sealed partial class CrlPublisher(
    IReadOnlyList<CrlIssuer> issuers, IRevocationStore store, TimeProvider time, ILogger<CrlPublisher> logger) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, PublishedCrl> _published = new(StringComparer.Ordinal);
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
        // a stop between a revocation and its CRL, or an import meanwhile, is made good here
        foreach (var publication in _publications.Values)
        {
            await publication.Request(PublishNow);
        }

        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, time);
        while (await NextLook(timer, stoppingToken))
        {
            foreach (var publication in _publications.Values.Where(IsDue))
            {
                await publication.Request(PublishNow);
            }
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
        var issuer = publication.Issuer;
        var keyId = issuer.Folder.KeyId;
        try
        {
            var certificate = issuer.Folder.Current;
            var last = _published.GetValueOrDefault(keyId) ?? await store.Last(keyId, CancellationToken.None);

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
        catch (Exception failure)
        {
            publication.Failed = true;
            NotPublished(issuer.Folder.Name, failure);
        }
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

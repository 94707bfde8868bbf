using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace DeviceAcme.Server.Storage.Mappings;

internal sealed class DeliveryMapping : IEntityTypeConfiguration<StoredDelivery>
{
    public void Configure(EntityTypeBuilder<StoredDelivery> delivery)
    {
        delivery.ToTable("webhook_deliveries");
        delivery.HasKey(d => d.Sequence);
        delivery.Property(d => d.Sequence).HasColumnName("sequence").ValueGeneratedOnAdd();
        delivery.Property(d => d.Id).HasColumnName("id").IsRequired();
        delivery.Property(d => d.At).HasColumnName("at");
        delivery.Property(d => d.Profile).HasColumnName("profile");
        delivery.Property(d => d.Webhook).HasColumnName("webhook");
        delivery.Property(d => d.Url).HasColumnName("url");
        delivery.Property(d => d.Event).HasColumnName("event");
        delivery.Property(d => d.Purpose).HasColumnName("purpose");
        delivery.Property(d => d.ReplayOf).HasColumnName("replay_of");
        delivery.Property(d => d.Account).HasColumnName("account_id");
        delivery.Property(d => d.Order).HasColumnName("order_id");
        delivery.Property(d => d.Authorization).HasColumnName("authorization_id");
        delivery.Property(d => d.Device).HasColumnName("device_id");
        delivery.Property(d => d.Outcome).HasColumnName("outcome");
        delivery.Property(d => d.Reason).HasColumnName("reason");
        delivery.Property(d => d.Detail).HasColumnName("detail");
        delivery.Property(d => d.Status).HasColumnName("status");
        delivery.Property(d => d.Attempts).HasColumnName("attempts");
        delivery.Property(d => d.Duration).HasColumnName("duration");
        delivery.Property(d => d.Request).HasColumnName("request");
        delivery.Property(d => d.Answer).HasColumnName("answer");
        delivery.HasIndex(d => d.Id).IsUnique().HasDatabaseName("webhook_deliveries_id");
        delivery.HasIndex(d => d.At).HasDatabaseName("webhook_deliveries_at");
        delivery.HasIndex(d => new { d.Profile, d.Sequence }).HasDatabaseName("webhook_deliveries_profile");
        delivery.HasIndex(d => new { d.Order, d.Sequence }).HasFilter("order_id IS NOT NULL").HasDatabaseName("webhook_deliveries_order");
    }
}
